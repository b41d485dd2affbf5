import { keyLabel } from '../keys/bindings'
import type { ActionId } from '../keys/keymap'

/** The key of an action, as it is in the key table. */
export function KeyCap({ of }: { of: ActionId }) {
  return (
    <span className="sx-key" aria-hidden="true">
      {keyLabel(of)}
    </span>
  )
}
