/**
 * Navigations of the app's frame to other documents: each must ask under the prefix, where the gateway and the worker are.
 * With the Navigation API all but "back" and "forward" are caught; without it, links and forms. What a script then asks
 * for by `location` is lost until the shell leads the frame back.
 */
import type { FrameHistory } from './frameHistory';
import { linkOf } from './linkOf';
import { lostAt } from './mark';
import { navigationApi, type NavigateEvent } from './navigationApi';
import { on } from './on';
import { isAstray, isOwn, prefixed, type Place } from './prefix';
import { quietly } from './quietly';

export function keepNavigations(place: Place, own: FrameHistory): void {
  const astray = (url: URL) => isAstray(url, place);
  const navigation = navigationApi();

  navigation?.addEventListener('navigate', (event) => {
    const { navigationType, destination, hashChange, downloadRequest, formData, cancelable } = event as NavigateEvent;
    if (hashChange || destination.sameDocument || (downloadRequest ?? null) !== null) return;
    const url = new URL(destination.url);
    // A change of the history in the middle of this event would end the navigation: all of it comes after.
    if (!cancelable || formData || !astray(url)) {
      setTimeout(() => own.restore());
      return;
    }
    event.preventDefault();
    setTimeout(() => {
      own.restore();
      if (navigationType === 'reload') location.reload();
      else location[navigationType === 'replace' ? 'replace' : 'assign'](prefixed(url, place));
    });
  });

  // Last of all, when the app has had its say.
  on('click', followLink);
  on('submit', ({ target, submitter, defaultPrevented }) => {
    if (!defaultPrevented && target instanceof HTMLFormElement) send(target, submitter);
  });
  // What `submit()` sends is told by no event.
  const submit = Reflect.get<HTMLFormElement, 'submit'>(HTMLFormElement.prototype, 'submit');
  HTMLFormElement.prototype.submit = function () {
    quietly(() => send(this, null));
    submit.call(this);
  };
  // A window hears nothing of what is loaded in its document.
  document.addEventListener('load', ({ target }) => quietly(() => leadBack(target)), true);

  /** The app's own frames: no worker is asked for the first page in one. */
  function leadBack(target: EventTarget | null): void {
    if (!(target instanceof HTMLIFrameElement) || !target.contentWindow) return;
    const lost = lostAt(target.contentWindow, astray);
    if (lost) target.contentWindow.location.replace(prefixed(lost, place));
  }

  function followLink(event: MouseEvent): void {
    const link = linkOf(event);
    if (!link) return;
    const url = new URL(link.href);
    if (!isOwn(url, place)) return;
    if (link.hasAttribute('download')) {
      if (!astray(url)) return;
      event.preventDefault();
      // The browser saves without asking the worker.
      const copy = link.cloneNode() as HTMLAnchorElement;
      copy.href = prefixed(url, place);
      copy.click();
    } else if (/^_(?:top|parent)$/i.test(link.target) || (!navigation && isHere(link.target, url))) {
      event.preventDefault();
      own.restore();
      location.assign(prefixed(url, place));
    }
  }

  /** Of a link without the Navigation API: it leads this frame to another document. */
  function isHere(target: string, url: URL): boolean {
    const isPart = url.hash !== '' && url.pathname === location.pathname && url.search === location.search;
    return astray(url) && !isPart && (target === '' || target.toLowerCase() === '_self');
  }

  /** Puts the form's address under the prefix while the browser reads it: right after this, in the same task. */
  function send(form: HTMLFormElement, submitter: HTMLElement | null): void {
    const [owner, name] = submitter?.hasAttribute('formaction') ? [submitter, 'formaction'] : [form, 'action'];
    // Not the property: a field of that name would lie over it.
    const was = owner.getAttribute(name);
    const url = new URL(was || location.href, was ? document.baseURI : undefined);
    if (!astray(url)) return;
    owner.setAttribute(name, prefixed(url, place));
    setTimeout(() => {
      if (was === null) owner.removeAttribute(name);
      else owner.setAttribute(name, was);
    });
  }
}
