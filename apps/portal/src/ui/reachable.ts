/** What scrolls must be reachable by keyboard (WCAG 2.2, 2.1.1): a ref for an element that may be too small for its content. */
export function reachable(element: HTMLElement | null): void {
  if (element !== null) element.tabIndex = 0
}
