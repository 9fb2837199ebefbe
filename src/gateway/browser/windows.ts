/**
 * Windows of their own that the app asks for. Under a prefix its pages get a shell there. And where the browser gives no
 * window, as in a webview, whose sandbox has no popups, the panel is told what a person wanted to see.
 */
import type { Tell } from './messages';
import { linkOf } from './linkOf';
import { on } from './on';
import { appPath, isOwn, prefixed, shellAddress, type Place } from './prefix';
import { quietly } from './quietly';

/** To be called before anything else listens to clicks here. */
export function keepWindows(place: Place, tell: Tell): void {
  // A tab of its own gives windows. What else frames the preview is not known before one was asked for.
  const mayRefuse = parent !== top;
  const hasPrefix = place.prefix !== '';
  if (!mayRefuse && !hasPrefix) return;

  const original = window.open.bind(window);
  window.open = (url, target, features) => {
    const page = url ? quietly(() => new URL(url, document.baseURI)) : undefined;
    if (!page || !isMine(page)) return original(url, target, features);
    if (isNew(target)) return open(page, target, features);
    const isMoved = hasPrefix && isOwn(page, place);
    // What is around the frame of the app is no app.
    return isMoved
      ? original(prefixed(page, place), isHere(target) ? '_self' : target)
      : original(url, target, features);
  };
  // Last of all, when the app has had its say.
  on('click', follow);
  on('auxclick', follow);

  function follow(event: MouseEvent): void {
    const link = linkOf(event);
    if (!link || link.hasAttribute('download')) return;
    const page = new URL(link.href);
    const isAside = event.type === 'auxclick' || event.ctrlKey || event.metaKey || event.shiftKey;
    const { target, relList } = link;
    if (!(isAside ? event.button < 2 : target && isNew(target)) || !isMine(page)) return;
    event.preventDefault();
    const isBlank = isAside || /^_blank$/i.test(target);
    const isAlone = relList.contains('noopener') || (isBlank && !relList.contains('opener'));
    open(page, isBlank ? '_blank' : target, isAlone ? 'noopener' : '');
  }

  function open(page: URL, target: string | undefined, features = ''): Window | null {
    const isApps = isOwn(page, place);
    const address = hasPrefix && isApps ? shellAddress(place, appPath(page, place)) : page.href;
    if (!mayRefuse) return original(address, target, features);
    // Before: a window uses it up.
    const isPersons = navigator.userActivation?.isActive !== false;
    // Asked for with `noopener`, one that opens says the same as one that was refused. So its opener is taken from it later.
    const kept = features.replace(/\bno(?:opener|referrer)\b/gi, '');
    const made = original(address, target, kept);
    if (!made) {
      if (isPersons) tell(isApps ? { type: 'open', path: appPath(page, place) } : { type: 'open', url: page.href });
      return null;
    }
    if (kept === features) return made;
    quietly(() => (made.opener = null));
    return null;
  }

  /** Whether a window for it is made here: without a panel around, the app's own pages alone need it. */
  function isMine(page: URL): boolean {
    return mayRefuse ? /^https?:$/.test(page.protocol) : isOwn(page, place);
  }
}

/** A name that is there already is a frame of the app's. */
function isNew(target = ''): boolean {
  return !isHere(target) && !(target in window);
}

function isHere(target = ''): boolean {
  return /^_(?:self|parent|top)$/i.test(target);
}
