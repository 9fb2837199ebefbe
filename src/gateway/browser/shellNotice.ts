/** What the shell page says where the app can't be shown. */

export interface Notice {
  readonly title: string;
  readonly text: string;
  /** Of the button, and what it does. */
  readonly button: string;
}

/** Pure: `origin` is where the browser is. */
export const notices = {
  insecure: (origin: string): Notice => ({
    title: 'The preview cannot come alive at this address.',
    text:
      `Its service worker needs a secure page, and the browser takes ${origin} for none. Open the editor over https, or ` +
      'through a tunnel at http://localhost, and the preview works.',
    button: 'Try Again',
  }),
  noWorker: (reason: string): Notice => ({
    title: 'The browser does not run the service worker of the preview.',
    text:
      'Private windows and blocked cookies or site data switch service workers off. Allow them for this site, or open it in ' +
      `another window. ${reason}`,
    button: 'Try Again',
  }),
  noGateway: (): Notice => ({
    title: 'The gateway of this preview does not answer.',
    text: 'The dev server may have been stopped, or you may have to sign in to the editor again. Open the preview again from the editor, or load this page anew.',
    button: 'Load Again',
  }),
  elsewhere: (address: string): Notice => ({
    title: 'The app leads to another site.',
    text: `${address} is not shown inside of the preview.`,
    button: 'Back to the App',
  }),
} as const;
