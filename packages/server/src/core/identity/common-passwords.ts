/**
 * Passwords that everybody tries first. Pure. The list is our own, made when it is first asked for: the words, names, keyboard walks and digit runs that
 * lists of leaked passwords are full of, with the endings that people add. It holds no leaked data, so it is nobody else's to license.
 */

const words = `password passwort motdepasse contrasena parola senha wachtwoord losenord salasana haslo heslo passw0rd pass secret geheim
admin administrator root superuser sysadmin operator manager support service system server network router switch firewall gateway cisco juniper arista
huawei mikrotik fortinet ubiquiti default guest user login logon signin welcome willkommen bienvenue bienvenido access changeme changeit letmein
letmeinnow opensesame trustno1 iloveyou ilovegod iloveme loveyou loveme lovely forever always hello goodbye please thankyou whatever nothing
something test testing testtest tester demo sample example temp temporary backup master monitor monitoring security secure computer internet
website windows linux ubuntu debian oracle mysql postgres database docker kubernetes cloud amazon google facebook twitter instagram youtube linkedin
microsoft apple android samsung iphone nokia sony playstation nintendo xbox minecraft pokemon pikachu starwars startrek matrix batman superman
spiderman ironman avengers hulk wolverine xmen snoopy garfield mickey donald tigger winnie barbie hannah naruto onepiece dragonball
dragon monkey shadow master killer hunter ranger warrior wizard phoenix falcon eagle tiger lion panther jaguar cheetah wolf bear shark dolphin
turtle kitty kitten puppy doggy horse rabbit chicken butterfly spider scorpion sunshine moonlight starlight rainbow flower princess prince queen king
angel devil heaven hell jesus christ god buddha allah bible church faith blessed grace trinity
football baseball basketball soccer hockey tennis golf rugby cricket racing fishing hunting skating boxing karate chess poker
liverpool arsenal chelsea manchester barcelona realmadrid juventus milan bayern dortmund celtic rangers lakers yankees cowboys steelers eagles
michael jennifer jessica ashley matthew joshua daniel andrew anthony robert thomas william richard charles joseph david george edward james john
peter paul mark steven kevin brian jason justin brandon nicole michelle amanda melissa stephanie elizabeth samantha heather rebecca laura sarah
maria anna julia sophie emma olivia charlotte chloe daisy lucy molly maggie buster charlie max bella rocky ginger pepper cookie chocolate
cheese banana orange apple lemon cherry strawberry peaches coffee whiskey vodka guinness pizza hamburger sandwich sugar honey candy
summer winter spring autumn sommer herbst fruehling january february march april may june july august september october november december
januar februar maerz juni juli oktober dezember monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag
london paris berlin madrid rome moscow tokyo sydney toronto boston chicago dallas houston phoenix denver seattle newyork california texas florida
america england germany france italy spain canada australia brazil mexico india china japan
mustang camaro corvette ferrari porsche mercedes bmw audi toyota honda harley yamaha kawasaki suzuki ducati
metallica slipknot nirvana eminem beatles rolling madonna elvis guitar piano music dancer singer
silver golden diamond crystal emerald ruby platinum blue green yellow purple orange black white red
freedom liberty justice peace love hope dream magic mystery secret destiny fortune lucky winner champion victory success money dollar rich
asdf asdfgh asdfghjkl qwer qwert qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop zxcv zxcvb zxcvbn zxcvbnm yxcvbnm qazwsx qazwsxedc
1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc zaq12wsx q1w2e3r4 q1w2e3r4t5 qweasd qweasdzxc asdzxc
abc abcd abcde abcdef abcdefg abcdefgh abcdefghijkl abc123 a1b2c3 a1b2c3d4 aaa aaaaaa xxxxxx zzzzzz
0 1 11 111 1111 11111 111111 121212 123123 112233 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 12345678910 0123456789
123321 654321 7654321 87654321 987654321 9876543210 0987654321 147258369 159753 789456123 000000 00000000 222222 333333 555555 666666 777777
888888 999999 696969 131313 101010 202020 13579 24680 314159 31415926535 19841984 20002000
correcthorse correcthorsebatterystaple thisismypassword mypassword yourpassword nopassword newpassword oldpassword password123 iamtheadmin
theadministrator letmeinplease donttellanyone whatisthepassword ihatepasswords ihatethis fuckyou fuckoff bullshit asshole
holdfast controller overlay underlay decoy honeypot wireguard configuration production staging development engineer engineering netops noc helpdesk`
  .split(/\s+/)
  .filter((word, at, all) => word !== "" && all.indexOf(word) === at);

const endings = [
  "", "0", "00", "000", "01", "007", "1", "11", "111", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890",
  "2", "3", "4", "5", "7", "8", "9", "69", "99", "321", "4321", "54321", "666", "777", "888", "999", "2019", "2020", "2021", "2022", "2023",
  "2024", "2025", "2026", "2027", "abc", "abc123", "qwerty", "xyz",
]; // prettier-ignore

let made: ReadonlySet<string> | undefined;

/** The list, in small letters. */
export function commonPasswords(): ReadonlySet<string> {
  made ??= new Set(words.flatMap((word) => [...endings.map((ending) => word + ending), word + word, word + word + word]));
  return made;
}

/** Whether a password is on the list, or is one of it in disguise: capitals, p4ssw0rd, signs between and at the ends. */
export function isCommon(password: string): boolean {
  const small = password.normalize("NFKC").toLowerCase();
  const forms = [small, plain(small), plain(unleet(small)), plain(unleet(small.replace(/[^\p{L}]+$/u, "")))];
  return forms.some((form) => form !== "" && (commonPasswords().has(form) || isChain(form)));
}

const plain = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, "");

const leet: Record<string, string> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "8": "b",
  "@": "a",
  $: "s",
  "!": "i",
  "€": "e",
};

/** `p@55w0rd1` as `passwordi`, which the endings let through; so digits at the end stay. */
function unleet(text: string): string {
  const end = /\d*$/.exec(text)?.[0] ?? "";
  return text.slice(0, text.length - end.length).replaceAll(/[0134578@$!€]/g, (sign) => leet[sign] ?? sign) + end;
}

/** One short piece again and again, or a run of neighbours (`abcdefghijklmn`, `987654321`). */
function isChain(text: string): boolean {
  if (/^(.{1,4})\1+$/su.test(text)) return true;
  const steps = new Set(Array.from(text.slice(1), (_, at) => text.charCodeAt(at + 1) - text.charCodeAt(at)));
  return text.length > 3 && steps.size === 1;
}
