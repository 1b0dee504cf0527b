/**
 * Draws the tree of specs, to be walked with the keyboard: up and down, left to fold, right to unfold, Home and End.
 */
import type { SpecMetadata } from '../../../extensions/spec-updates/events.ts';
import { element } from './dom.ts';
import { moodOf, type SpecNode, treeOf, visibleIn } from './spec-tree.ts';

/** How long a change is shown by colour. */
const freshMs = 2_500;

export class SpecTreeView {
  readonly #tree: HTMLElement;
  readonly #onSelect: (spec: SpecMetadata | null) => void;
  readonly #folded = new Set<string>();
  readonly #fresh = new Map<string, ReturnType<typeof setTimeout>>();
  #specs: ReadonlyMap<string, SpecMetadata> = new Map();
  #nodes: SpecNode[] = [];
  #selected: string | null = null;

  constructor(tree: HTMLElement, onSelect: (spec: SpecMetadata | null) => void) {
    this.#tree = tree;
    this.#onSelect = onSelect;
    tree.addEventListener('keydown', (event) => this.#onKey(event));
    tree.addEventListener('click', (event) => this.#onClick(event));
  }

  show(specs: ReadonlyMap<string, SpecMetadata>): void {
    this.#specs = specs;
    this.#nodes = treeOf(specs);
    if (this.#selected !== null && !specs.has(this.#selected)) this.#selected = null;
    this.#draw();
    this.#onSelect(specs.get(this.#selected ?? '') ?? null);
  }

  /** Shows for a moment that this one has just changed. */
  mark(id: string): void {
    clearTimeout(this.#fresh.get(id));
    this.#fresh.set(
      id,
      setTimeout(() => {
        this.#fresh.delete(id);
        this.#itemOf(id)?.classList.remove('fresh');
      }, freshMs),
    );
    this.#itemOf(id)?.classList.add('fresh');
  }

  #draw(): void {
    const hadFocus = this.#tree.contains(document.activeElement);
    const reachable = this.#reachable();
    this.#tree.replaceChildren(...this.#nodes.map((node) => this.#item(node, reachable)));
    if (hadFocus) this.#itemOf(reachable ?? '')?.focus();
  }

  /** The one item that Tab comes to. */
  #reachable(): string | undefined {
    const visible = visibleIn(this.#nodes, this.#folded);
    const selected = visible.find(({ spec }) => spec.id === this.#selected);
    return (selected ?? visible[0])?.spec.id;
  }

  #item(node: SpecNode, reachable: string | undefined): HTMLElement {
    const { spec, children } = node;
    const isFolded = this.#folded.has(spec.id);
    const item = element(
      'div',
      {
        role: 'treeitem',
        tabindex: spec.id === reachable ? '0' : '-1',
        'data-spec': spec.id,
        'aria-selected': String(spec.id === this.#selected),
        'aria-label': labelOf(spec),
        ...(children.length > 0 && { 'aria-expanded': String(!isFolded) }),
      },
      element(
        'div',
        { class: 'tree-row' },
        element('span', { class: 'tree-fold', 'aria-hidden': 'true' }, children.length > 0 ? '▸' : ''),
        element('span', { class: 'tree-id' }, spec.id),
        element('span', { class: 'tree-title' }, spec.title ?? ''),
        ...(isCritical(spec) ? [element('span', { class: 'pill', 'data-mood': 'bad' }, 'critical')] : []),
        ...(spec.status === null
          ? []
          : [element('span', { class: 'pill', 'data-mood': moodOf(spec.status) }, spec.status)]),
      ),
    );
    if (this.#fresh.has(spec.id)) item.classList.add('fresh');
    if (children.length > 0 && !isFolded) {
      const group = children.map((child) => this.#item(child, reachable));
      item.append(element('div', { role: 'group' }, ...group));
    }
    return item;
  }

  #itemOf(id: string): HTMLElement | null {
    return this.#tree.querySelector(`[data-spec="${CSS.escape(id)}"]`);
  }

  #select(id: string): void {
    this.#selected = id;
    this.#draw();
    this.#itemOf(id)?.focus();
    this.#onSelect(this.#specs.get(id) ?? null);
  }

  #fold(id: string, isFolded: boolean): void {
    if (isFolded) this.#folded.add(id);
    else this.#folded.delete(id);
    this.#select(id);
  }

  #onClick({ target }: MouseEvent): void {
    const id = (target as HTMLElement).closest<HTMLElement>('[data-spec]')?.dataset.spec;
    if (id === undefined) return;
    if ((target as HTMLElement).classList.contains('tree-fold')) this.#fold(id, !this.#folded.has(id));
    else this.#select(id);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const visible = visibleIn(this.#nodes, this.#folded);
    const focused = (document.activeElement as HTMLElement | null)?.dataset.spec;
    const index = visible.findIndex(({ spec }) => spec.id === focused);
    const node = visible[index];
    if (!node) return;
    const { id, parent } = node.spec;
    const isOpen = node.children.length > 0 && !this.#folded.has(id);
    const go = (to: string | null | undefined) => {
      if (to !== undefined && to !== null && this.#specs.has(to)) this.#select(to);
    };
    const actions: Record<string, () => void> = {
      ArrowDown: () => go(visible[index + 1]?.spec.id),
      ArrowUp: () => go(visible[index - 1]?.spec.id),
      Home: () => go(visible[0]?.spec.id),
      End: () => go(visible.at(-1)?.spec.id),
      ArrowRight: () => (isOpen ? go(node.children[0]?.spec.id) : this.#fold(id, false)),
      ArrowLeft: () => (isOpen ? this.#fold(id, true) : go(parent)),
      Enter: () => go(id),
      ' ': () => go(id),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

function isCritical({ priority }: SpecMetadata): boolean {
  return priority?.toLowerCase() === 'critical';
}

function labelOf(spec: SpecMetadata): string {
  const { id, title, status } = spec;
  return [id, title, status, isCritical(spec) ? 'critical' : null].filter(Boolean).join(', ');
}
