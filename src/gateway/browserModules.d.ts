/** The scripts of `browser/`, each bundled and minified to the text of one function that calls itself (esbuild.mjs). */
declare module 'browser:head' {
  const script: string;
  export default script;
}
declare module 'browser:worker' {
  const script: string;
  export default script;
}
declare module 'browser:shell' {
  const script: string;
  export default script;
}
