/* How one types in the text beside what the editor does by itself. The editor loads this module. */

import { Extension, Plugin } from "django-prose-editor/editor";

const OF_A_TABLE = /<(\/?)(?:table|caption|thead|tbody|tfoot|tr|th|td)(?=[\s>/])/gi;

/* Tab and Shift+Tab go on to the next control from everywhere, lists too: by keyboard alone one gets out again. */
const leaves = (event) => event.key === "Tab" && !event.ctrlKey && !event.altKey && !event.metaKey;

export const StoryTyping = Extension.create({
  name: "storyTyping",
  priority: 1000, // before the keys of lists

  addProseMirrorPlugins() {
    return [
      new Plugin({
        props: {
          handleDOMEvents: { keydown: (view, event) => leaves(event) }, // "handled": the browser moves the focus
          transformPastedHTML: (html) => html.replace(OF_A_TABLE, "<$1div"), // each cell is a paragraph of its own
        },
      }),
    ];
  },
});
