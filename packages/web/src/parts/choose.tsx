/** A field of a filter bar: one of some words, or any. */
import { Select } from "@mantine/core";

interface ChooseProps<W extends string> {
  label: string;
  value: string | undefined;
  from: { value: W; label: string }[];
  onChoose: (value: string | undefined) => void;
  width?: number;
  searchable?: boolean;
}

export function Choose<W extends string>({ label, value, from, onChoose, width = 138, searchable = false }: ChooseProps<W>) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      w={width}
      clearable
      searchable={searchable}
      nothingFoundMessage="None"
      clearButtonProps={{ "aria-label": `Any ${label.toLowerCase()}` }}
      value={value ?? null}
      data={from}
      onChange={(chosen) => onChoose(chosen ?? undefined)}
    />
  );
}
