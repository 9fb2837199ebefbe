import './editorLanguage';

/** Loaded when a line was typed that may start a dev server. */
export { secondServerNotice } from '../sessions/secondServerNotice';
