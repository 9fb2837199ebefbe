/** Milliseconds of the clock that all processes of a machine share and nobody sets: what two of them tell can be compared. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
