/* A picture in the text: what the editor shows of it, how it is moved, edited and removed. The editor loads this module
   by itself; choosing a picture is the dialog's part (desk-pictures.js), which hears of it by an event. */

import { Node, Plugin } from "django-prose-editor/editor";

const dialog = document.querySelector("[data-picture-dialog]");
const WORDS = ["alt", "caption", "credit"];
const LEFT_OUT =
  "A picture was left out of what you pasted. Use “Picture” to upload it: it needs its alt text and its credit.";

export const smallAddress = (key) => `${dialog.dataset.pictures}${key}/small/`;

function make(tag, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

/* --- What a picture does in the text ----------------------------------------------------------------------------- */

const isFigure = (node) => node?.type.name === "storyFigure";
const isImage = (file) => file.type.startsWith("image/");

/* Where a new picture goes: in place of an empty paragraph, otherwise after the block where the cursor is. */
function placeFor({ $from, $to }) {
  if ($to.depth === 0) return { from: $to.pos, to: $to.pos };
  const block = $from.node(1);
  const isEmpty = $from.depth === 1 && block.isTextblock && block.content.size === 0;
  return { from: isEmpty ? $from.before(1) : $to.after(1), to: $to.after(1) };
}

function putIn(editor, { from, to }, attrs) {
  const next = editor.state.doc.resolve(to).nodeAfter;
  const rest = next ? [] : [{ type: "paragraph" }]; // one goes on writing below the picture
  const chain = editor.chain().insertContentAt({ from, to }, [{ type: "storyFigure", attrs }, ...rest]);
  if (!next || next.isTextblock) chain.setTextSelection(from + 2);
  else chain.setNodeSelection(from);
  chain.focus().run();
}

function change(editor, position, attrs) {
  editor
    .chain()
    .command(({ tr }) => tr.setNodeMarkup(position, undefined, attrs))
    .setNodeSelection(position)
    .focus()
    .run();
}

/* Where the picture at `position` would stand one place further up or down; null at the end of the text. */
function placeBeside(doc, position, step) {
  const at = doc.resolve(position);
  const other = at.parent.maybeChild(at.index() + step);
  if (other) return position + step * other.nodeSize;
  if (at.depth === 0) return null;
  return step < 0 ? at.before() : at.after() - 1;
}

function move(editor, position, step) {
  const node = editor.state.doc.nodeAt(position);
  const target = isFigure(node) ? placeBeside(editor.state.doc, position, step) : null;
  if (target === null) return false;
  return editor
    .chain()
    .command(({ tr }) => tr.delete(position, position + node.nodeSize).insert(target, node))
    .setNodeSelection(target)
    .scrollIntoView()
    .run();
}

function remove(editor, position) {
  editor
    .chain()
    .deleteRange({ from: position, to: position + 1 })
    .focus()
    .run();
}

/* Asks the dialog for a picture: a new one, or other words for the one that is selected. `file` came by paste or drop. */
function ask(editor, { file, place } = {}) {
  const { selection } = editor.state;
  const selected = !file && isFigure(selection.node) ? selection.node : null;
  const position = selection.from;
  const target = place ?? placeFor(selection);
  document.dispatchEvent(
    new CustomEvent("story-picture", {
      detail: {
        figure: selected?.attrs,
        file,
        put: (attrs) => (selected ? change(editor, position, attrs) : putIn(editor, target, attrs)),
        remove: () => remove(editor, position),
        back: () => editor.commands.focus(),
      },
    }),
  );
  return true;
}

/* --- What the editor shows of it ----------------------------------------------------------------------------------- */

function shown({ picture, alt }, tell) {
  const image = make("img", { src: smallAddress(picture), alt, draggable: false });
  image.addEventListener("error", () => tell("This picture cannot be shown: it is not in your archive."));
  return image;
}

function written(attrs) {
  const words = make("figcaption");
  if (attrs.caption) words.append(make("span", { text: attrs.caption }), " ");
  if (attrs.credit) words.append(make("span", { className: "figure-credit", text: attrs.credit }));
  else words.append(make("strong", { className: "figure-missing", text: "Credit missing." }));
  const alt = attrs.alt
    ? make("span", { className: "figure-alt", text: `Alt text: ${attrs.alt}` })
    : make("strong", { className: "figure-alt figure-missing", text: "Alt text missing." });
  words.append(alt);
  return words;
}

function tools(editor, getPos) {
  const at = (act) => () => {
    editor.commands.setNodeSelection(getPos());
    act();
  };
  const button = (text, label, act) => {
    const made = make("button", { type: "button", className: "act", text, title: label });
    made.setAttribute("aria-label", label);
    made.addEventListener("click", at(act));
    return made;
  };
  return make(
    "div",
    { className: "figure-tools" },
    button("Edit", "Edit the picture (Enter)", () => ask(editor)),
    button("↑", "Move the picture up (Alt and ↑)", () => move(editor, getPos(), -1)),
    button("↓", "Move the picture down (Alt and ↓)", () => move(editor, getPos(), 1)),
    button("Remove", "Remove the picture from the text (Delete)", () => remove(editor, getPos())),
  );
}

function nodeView({ node, getPos, editor }) {
  const dom = make("figure", { className: "editor-figure", contentEditable: "false" });
  const bar = tools(editor, getPos);
  const draw = ({ attrs }) => {
    const notes = make("p", { className: "figure-missing figure-note", hidden: true });
    const tell = (text) => Object.assign(notes, { textContent: text, hidden: false });
    if (dialog.dataset.withdrawn.split(" ").includes(attrs.picture)) tell("Withdrawn: readers do not see this picture.");
    dom.setAttribute("aria-label", `Picture: ${attrs.caption || attrs.alt || "no words yet"}`);
    dom.replaceChildren(shown(attrs, tell), notes, written(attrs), bar);
  };
  dom.addEventListener("dblclick", (event) => {
    if (!event.target.closest("button")) ask(editor);
  });
  draw(node);
  return {
    dom,
    update(other) {
      if (other.type !== node.type) return false;
      draw(other);
      return true;
    },
    stopEvent: (event) => event.target.closest("button") !== null,
    ignoreMutation: () => true,
  };
}

/* --- What comes from elsewhere ------------------------------------------------------------------------------------- */

function say(view, text) {
  const bar = view.dom.parentElement;
  let place = bar.querySelector("[data-says]");
  if (!place) {
    place = make("p", { className: "editor-says" });
    place.setAttribute("role", "status");
    place.dataset.says = "";
    view.dom.before(place);
  }
  place.textContent = text;
}

/* A picture copied by itself is uploaded like any other; one between words is left out, and that is said. */
function take(editor, view, data, place) {
  const file = [...data.files].find(isImage);
  if (file && data.getData("text/plain").trim() === "") return ask(editor, { file, place });
  say(view, /<img\b/i.test(data.getData("text/html")) ? LEFT_OUT : "");
  return false;
}

function dropPlace(view, event) {
  const found = view.posAtCoords({ left: event.clientX, top: event.clientY });
  if (!found) return undefined;
  const at = view.state.doc.resolve(found.pos);
  const position = at.depth ? at.after(1) : at.pos;
  return { from: position, to: position };
}

/* Typing over a selected picture would put a letter in its place: the words go into a paragraph below it. */
function writeBelow(editor, view, text) {
  const { selection } = view.state;
  if (!isFigure(selection.node)) return false;
  return editor
    .chain()
    .insertContentAt(selection.to, { type: "paragraph", content: [{ type: "text", text }] })
    .setTextSelection(selection.to + 1 + text.length)
    .run();
}

export const StoryFigure = Node.create({
  name: "storyFigure",
  group: "block",
  atom: true,
  draggable: true,
  priority: 200, // its keys come before those of lists and paragraphs

  addAttributes() {
    const attribute = (name) => ({
      default: "",
      parseHTML: (element) => element.getAttribute(`data-${name}`) ?? "",
      renderHTML: (attrs) => (attrs[name] ? { [`data-${name}`]: attrs[name] } : {}),
    });
    return Object.fromEntries(["picture", ...WORDS].map((name) => [name, attribute(name)]));
  },

  parseHTML() {
    return [{ tag: "figure[data-picture]" }];
  },

  renderHTML({ HTMLAttributes }) {
    return ["figure", HTMLAttributes];
  },

  addNodeView() {
    return nodeView;
  },

  addKeyboardShortcuts() {
    const selected = (act) => () => isFigure(this.editor.state.selection.node) && act(this.editor.state.selection.from);
    return {
      Enter: selected(() => ask(this.editor)),
      "Alt-ArrowUp": selected((position) => move(this.editor, position, -1)),
      "Alt-ArrowDown": selected((position) => move(this.editor, position, 1)),
    };
  },

  addMenuItems({ buttons, menu }) {
    menu.defineItem({
      name: "picture",
      groups: "nodes",
      priority: 200,
      button: buttons.material("image", "Picture"),
      command: (editor) => ask(editor),
      active: (editor) => isFigure(editor.state.selection.node),
    });
  },

  addProseMirrorPlugins() {
    const { editor } = this;
    return [
      new Plugin({
        props: {
          handlePaste: (view, event) => take(editor, view, event.clipboardData),
          handleDrop: (view, event, slice, moved) =>
            !moved && take(editor, view, event.dataTransfer, dropPlace(view, event)),
          handleTextInput: (view, from, to, text) => writeBelow(editor, view, text),
        },
      }),
    ];
  },
});
