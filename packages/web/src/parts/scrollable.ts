/** For an element that scrolls: who has no pointer reaches it with Tab and moves it with the arrow keys (WCAG 2.1.1). It needs a name, too. */
export const scrollable = { tabIndex: 0 } as const;
