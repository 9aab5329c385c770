/** Style sheets are taken into `dist/webview.css` by the build. */
declare module '*.css';
