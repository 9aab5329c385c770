// Stands for VS Code around the page: theme, and the API that the page gets. Served with the theme put in at the top.
/* global themes, startTheme, startState */
window.setTheme = (name) => {
  const { bodyClass, variables } = themes[name];
  const { style } = document.documentElement;
  style.cssText = '';
  for (const [key, value] of Object.entries(variables)) style.setProperty(key, value);
  document.body.className = bodyClass;
};
window.setTheme(startTheme);
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(
    `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`,
  );
});
window.keptState = startState;
window.acquireVsCodeApi = () => ({
  postMessage: (message) => window.pageSays(JSON.parse(JSON.stringify(message))),
  getState: () => window.keptState,
  setState: (state) => {
    window.keptState = JSON.parse(JSON.stringify(state));
  },
});
