/** The one filter bar: a text, fields, saved views. What it holds is in the URL. */
import { ActionIcon, Button, Kbd, Menu, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedCallback, useLocalStorage } from "@mantine/hooks";
import { IconBookmark, IconBookmarkPlus, IconSearch, IconTrash, IconX } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode } from "react";
import classes from "./filter-bar.module.css";

interface FilterBarProps {
  /** What the text is looked for in, e.g. "name, address or label". */
  looksIn: string;
  text: string | undefined;
  onText: (text: string | undefined) => void;
  /** The fields. */
  children?: ReactNode;
  /** True when any filter is set. */
  filtered: boolean;
  onClear: () => void;
  /** Where saved views of this list are kept. */
  views: string;
}

export function FilterBar({ looksIn, text, onText, children, filtered, onClear, views }: FilterBarProps) {
  const input = useRef<HTMLInputElement>(null);
  const passed = useRef(text);
  const pass = useDebouncedCallback((value: string) => {
    passed.current = value === "" ? undefined : value;
    onText(passed.current);
  }, 180);
  useEffect(() => {
    // Only what came from elsewhere (a saved view, the back button) is written into the field; never over what is being typed.
    if (text === passed.current || input.current === null) return;
    passed.current = text;
    input.current.value = text ?? "";
  }, [text]);
  return (
    <search className={classes["bar"]} aria-label={`Filter by ${looksIn}`}>
      <TextInput
        className={classes["text"] ?? ""}
        aria-label={`Filter by ${looksIn}`}
        placeholder={`Filter by ${looksIn}`}
        data-filter
        type="search"
        leftSection={<IconSearch size={14} />}
        rightSection={<Kbd size="xs">/</Kbd>}
        rightSectionPointerEvents="none"
        ref={input}
        defaultValue={text ?? ""}
        onChange={(event) => pass(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {children}
      {filtered && (
        <Button variant="subtle" color="gray" leftSection={<IconX size={13} />} onClick={onClear}>
          Clear
        </Button>
      )}
      <SavedViews list={views} filtered={filtered} />
    </search>
  );
}

interface SavedView {
  name: string;
  search: string;
}

function SavedViews({ list, filtered }: { list: string; filtered: boolean }) {
  const [views, setViews] = useLocalStorage<SavedView[]>({
    key: `holdfast-views-${list}`,
    defaultValue: [],
    getInitialValueInEffect: false,
  });
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const save = (): void => {
    const search = location.search;
    setViews([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), search }]);
    setName("");
  };
  return (
    <Menu width={260} closeOnItemClick={false}>
      <Menu.Target>
        <Tooltip label="Saved views (kept in this browser)">
          <ActionIcon variant="default" size={30} aria-label="Saved views">
            <IconBookmark size={15} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{views.length === 0 ? "No saved views yet" : "Saved views"}</Menu.Label>
        {views.map((view) => (
          <div key={view.name} className={classes["view"]}>
            <Menu.Item
              closeMenuOnClick
              onClick={() => void navigate({ to: ".", search: Object.fromEntries(new URLSearchParams(view.search)) })}
            >
              {view.name}
            </Menu.Item>
            <Menu.Item aria-label={`Forget the view ${view.name}`} onClick={() => setViews(views.filter((one) => one !== view))}>
              <IconTrash size={14} />
            </Menu.Item>
          </div>
        ))}
        {filtered && (
          <form
            className={classes["save"]}
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim() !== "") save();
            }}
          >
            <TextInput
              aria-label="Name of the view"
              placeholder="Name this view"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              onKeyDown={(event) => event.stopPropagation()}
            />
            <ActionIcon type="submit" variant="default" size={30} aria-label="Save this view" disabled={name.trim() === ""}>
              <IconBookmarkPlus size={15} />
            </ActionIcon>
          </form>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
