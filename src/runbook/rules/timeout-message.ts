export function timeoutMessage(ms: number): string {
  return `The timeout of the call to the Go service is ${ms} ms; 500 ms is mandatory`
}
