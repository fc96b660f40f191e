/** The keys. */
import { Kbd, Modal, Switch } from "@mantine/core";
import { places } from "../keyboard/keys.ts";
import { useSingleKeysSwitch } from "../keyboard/single-keys.ts";
import classes from "./help.module.css";

const mac = navigator.userAgent.includes("Mac");
const everywhere: [keys: string[], what: string][] = [
  [[mac ? "⌘" : "Ctrl", "K"], "Search pages, devices and acts"],
  [["/"], "Filter this list"],
  [["?"], "This help"],
];
const lists: [keys: string[], what: string][] = [
  [["j"], "Next row"],
  [["k"], "Row before"],
  [["Enter"], "Open the row"],
  [["x"], "Select the row"],
  [["Esc"], "Close what is open"],
];

export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [single, setSingle] = useSingleKeysSwitch();
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard" size={620}>
      <div className={classes["columns"]}>
        <div>
          <Keys title="Everywhere" keys={everywhere} />
          <Keys title="In a list" keys={lists} />
        </div>
        <Keys title="Go to" keys={places.map((place) => [["g", place.key], place.label])} />
      </div>
      <Switch
        mt="md"
        label="Keys without Ctrl or ⌘"
        description="Switch them off when your way of typing hits them by accident."
        checked={single}
        onChange={(event) => setSingle(event.currentTarget.checked)}
      />
    </Modal>
  );
}

function Keys({ title, keys }: { title: string; keys: [keys: string[], what: string][] }) {
  return (
    <section>
      <h3 className={classes["title"]}>{title}</h3>
      <dl>
        {keys.map(([strokes, what]) => (
          <div key={what} className={classes["line"]}>
            <dt>
              {strokes.map((stroke) => (
                <Kbd key={stroke} size="xs">
                  {stroke}
                </Kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
