import * as l10n from '@vscode/l10n';

/**
 * The words that the preview's page has of its own: `preview.js` puts each where the page names it. `{0}` in one is for the page
 * to fill in.
 */
export function pageWords() {
  return {
    preview: l10n.t('Preview'),
    navigation: l10n.t('Navigation'),
    back: l10n.t('Back'),
    forward: l10n.t('Forward'),
    reload: l10n.t('Reload'),
    path: l10n.t('Path of the page'),
    pathHint: l10n.t('Path of the page: Enter goes there'),
    faces: l10n.t('What is shown of the app'),
    facePhone: l10n.t('Phone'),
    faceWeb: l10n.t('Web'),
    page: l10n.t('Page'),
    openInBrowser: l10n.t('Open in Browser'),
    copyUrl: l10n.t('Copy URL'),
    widths: l10n.t('Width of the page'),
    phone: l10n.t('Phone Width'),
    tablet: l10n.t('Tablet Width'),
    full: l10n.t('Full Width'),
    rotate: l10n.t('Landscape'),
    looking: l10n.t('Looking for the dev server.'),
    lookingForPhone: l10n.t('Looking for the address that a phone can open.'),
    copy: l10n.t('Copy'),
    output: l10n.t('Last output of the dev server'),
    previewOf: l10n.t('Preview of {0}'),
    qrCode: l10n.t('QR code of {0}'),
  } as const;
}

/** The name of one of them. */
export type PageWord = keyof ReturnType<typeof pageWords>;
