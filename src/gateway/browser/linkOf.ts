/** The link that a click leads along; undefined where there is none, or the app has dealt with it. */
export function linkOf(event: MouseEvent): HTMLAnchorElement | HTMLAreaElement | undefined {
  const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement || one instanceof HTMLAreaElement);
  return event.defaultPrevented || !link?.href ? undefined : link;
}
