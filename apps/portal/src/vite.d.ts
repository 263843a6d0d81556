/** What Vite makes of imports that are not TypeScript. */
declare module '*.module.css' {
  const classes: Readonly<Record<string, string>>
  export default classes
}
declare module '*.css'
declare module '@fontsource-variable/atkinson-hyperlegible-next'
