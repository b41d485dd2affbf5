/** The reviewer's whole page; a supervisor gets it with a way to the other pages. */

import { Workstation, type WorkstationProps } from './Workstation'

export default function ReviewerApp(props: WorkstationProps) {
  return <Workstation {...props} />
}
