/** Under which names the lists are kept; an action reads its list again. */

export const ACCOUNTS = ['admin', 'accounts']
export const STATIONS = ['admin', 'stations']
