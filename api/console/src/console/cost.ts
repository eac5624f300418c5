/** What updates cost this page's thread: kept as the browser's own measures, the last few hundred of them. */
const MOST = 400;
let kept = 0;

/** Does something and keeps how long it took, under a name. */
export function costing<T>(name: string, work: () => T): T {
  const start = performance.now();
  const done = work();
  performance.measure(name, { start, end: performance.now() });
  if (++kept >= MOST) {
    kept = 0;
    performance.clearMeasures();
  }
  return done;
}
