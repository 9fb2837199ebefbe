/** The platforms that get a package, as the marketplace calls them. */
export declare const targets: readonly string[];
