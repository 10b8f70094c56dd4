declare const brand: unique symbol;
/** A string that has been checked: a revision is not a tree id, although both are hexadecimal. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
