/** Types of style sheet imports. The build bundles the sheets into `dist/webview.css`. */
declare module '*.css';
