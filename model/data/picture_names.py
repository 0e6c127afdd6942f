"""Turns the names in picture sets into ordinary nouns, or drops them; knows no pixels and no weights."""

from __future__ import annotations

import re
from dataclasses import dataclass

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")


@dataclass(frozen=True)
class PictureName:
    """What a drawing shows.

    Attributes:
        noun: Singular everyday noun, lower case: "apple".
        colour: The colour that the drawing's name states, one of `COLOURS`; None when it states none.
    """

    noun: str
    colour: str | None = None


_DROPPED_PATTERN = re.compile(
    r"skin-tone|couple|^family|-oclock$|-thirty$|keycap|^letter-|-button$|moon|-arrow|^flag-|^japanese-"
    r"|^(man|woman|person|men|women|people|merperson|deaf)-|facing-right|-(dark|light|medium)$|-yen"
)
_SCENERY = (
    "bridge-at-night cityscape cityscape-at-dusk night-with-stars sunrise sunrise-over-mountains sunset foggy "
    "fog milky-way landslide national-park desert camping motorway railway-track water-wave wind-face "
    "cyclone construction building-construction cooking pouring-liquid playground-slide hot-springs"
)
_DUPLICATES = (
    "antenna-bars bell-with-slash broken-chain camera-with-flash e-mail incoming-envelope love-letter "
    "inbox-tray outbox-tray low-battery locked-with-pen memo page-with-curl muted-speaker "
    "speaker-low-volume speaker-medium-volume open-mailbox-with-lowered-flag "
    "open-mailbox-with-raised-flag closed-mailbox-with-lowered-flag chart-increasing chart-decreasing "
    "bookmark-tabs card-index-dividers level-slider control-knobs rolled-up-newspaper clinking-glasses "
    "clinking-beer-mugs musical-notes linked-paperclips open-file-folder telephone-receiver hammer-and-pick "
    "globe-showing-asia-australia globe-showing-europe-africa globe-with-meridians hourglass-not-done "
    "front-facing-baby-chick hatching-chick houses derelict-house oncoming-bus "
    "oncoming-taxi oncoming-police-car airplane-arrival airplane-departure snowman-without-snow "
    "umbrella-on-ground umbrella-with-rain-drops sun-behind-small-cloud sun-behind-large-cloud "
    "sun-behind-rain-cloud cloud-with-lightning-and-rain sun-with-face mahjong-red-dragon "
    "flower-playing-cards confetti-ball sparkler moon-viewing-ceremony tanabata-tree wind-chime "
    "money-with-wings fishing-pole kiss hairy-creature mountain-railway suspension-railway mountain-cableway "
    "hamsa nazar-amulet khanda kaaba unknown-flag transgender-flag splatter "
    "map-of-japan womans-clothes womans-hat mans-shoe left-luggage "
    "3rd-place-medal 2nd-place-medal fish-cake-with-swirl shinto-shrine love-hotel japanese-dolls "
    "couch-and-lamp wedding nest-with-eggs leaf-fluttering-in-wind drop-of-blood "
    "knot wing ice-hockey field-hockey cricket-game lacrosse badminton flag-in-hole monkey-face"
)
_DROPPED = frozenset((_SCENERY + " " + _DUPLICATES).split())

# Categories that are mostly not things: only the names listed here are kept.
_KEPT_ONLY = {
    "People & Body": (
        "astronaut baby bone boy brain cook detective ear elf eye eyes fairy farmer fingerprint firefighter "
        "foot footprints genie girl guard handshake judge leg lungs man mermaid mouth nail-polish ninja nose "
        "old-man old-woman pilot police-officer prince princess raised-hand santa-claus scientist singer "
        "skier snowboarder superhero thumbs-down thumbs-up tongue tooth vampire waving-hand woman zombie "
        "mechanical-arm anatomical-heart flexed-biceps selfie"
    ),
    "Smileys & Emotion": (
        "alien alien-monster clown-face ghost robot skull skull-and-crossbones pile-of-poo goblin ogre "
        "red-heart orange-heart yellow-heart green-heart blue-heart purple-heart brown-heart black-heart "
        "pink-heart white-heart broken-heart bomb kiss-mark grinning-face smiling-face "
        "grinning-face-with-big-eyes slightly-smiling-face angry-face crying-face loudly-crying-face "
        "sleeping-face winking-face frowning-face nerd-face cowboy-hat-face zzz collision speech-balloon "
        "thought-balloon hundred-points"
    ),
    "Symbols": (
        "check-mark cross-mark warning no-entry recycling-symbol radioactive biohazard peace-symbol "
        "red-question-mark red-exclamation-mark plus minus multiply divide yin-yang atom-symbol infinity "
        "trident-emblem wheelchair-symbol no-smoking no-bicycles dotted-six-pointed-star heavy-dollar-sign "
        "fleur-de-lis red-circle blue-circle green-circle yellow-circle orange-circle purple-circle "
        "brown-circle red-square blue-square green-square yellow-square orange-square purple-square "
        "brown-square"
    ),
    "Flags": "black-flag chequered-flag pirate-flag rainbow-flag triangular-flag white-flag",
}
_KEPT_ONLY_SETS = {category: frozenset(names.split()) for category, names in _KEPT_ONLY.items()}

_RENAMED = {
    # animals and plants
    "baby-chick": "chick", "bug": "caterpillar", "cat-face": "cat", "dog-face": "dog", "cow-face": "cow",
    "horse-face": "horse", "pig-face": "pig", "mouse-face": "mouse", "rabbit-face": "rabbit", "ox": "ox",
    "tiger-face": "tiger", "dragon-face": "dragon", "deciduous-tree": "tree",
    "evergreen-tree": "pine tree", "ewe": "sheep", "four-leaf-clover": "clover", "shamrock": "clover",
    "guide-dog": "dog", "service-dog": "dog", "honeybee": "bee", "lady-beetle": "ladybug", "lotus": "lotus",
    "monarch-butterfly": "butterfly", "paw-prints": "paw print", "sauropod": "dinosaur", "t-rex": "dinosaur",
    "sheaf-of-rice": "rice plant", "spiral-shell": "shell", "spouting-whale": "whale",
    "two-hump-camel": "camel", "white-flower": "white flower", "microbe": "germ", "phoenix-bird": "phoenix",
    "blackbird": "blackbird", "black-bird": "blackbird", "empty-nest": "nest", "maple-leaf": "maple leaf",
    "fallen-leaf": "leaf", "leafless-tree": "bare tree", "blossom": "flower", "hippopotamus": "hippo",
    "rhinoceros": "rhino", "black-cat": "cat|black", "worm": "worm", "potted-plant": "potted plant",
    # food
    "red-apple": "apple|red", "green-apple": "apple|green", "baguette-bread": "baguette",
    "bento-box": "bento box", "beverage-box": "juice box", "birthday-cake": "cake",
    "bottle-with-popping-cork": "champagne bottle", "bowl-with-spoon": "bowl", "canned-food": "can",
    "cheese-wedge": "cheese", "cherries": "cherry", "chocolate-bar": "chocolate bar",
    "cocktail-glass": "cocktail", "tropical-drink": "tropical drink", "cooked-rice": "bowl of rice",
    "cup-with-straw": "soda cup", "curry-rice": "curry", "custard": "pudding", "cut-of-meat": "steak",
    "ear-of-corn": "corn", "fork-and-knife": "fork and knife", "fork-and-knife-with-plate": "plate",
    "fried-shrimp": "fried shrimp", "ginger-root": "ginger", "glass-of-milk": "glass of milk",
    "green-salad": "salad", "hamburger": "burger", "hot-beverage": "cup", "hot-pepper": "chili pepper",
    "ice": "ice cube", "kiwi-fruit": "kiwi", "leafy-green": "lettuce", "meat-on-bone": "meat on the bone",
    "moon-cake": "moon cake", "pot-of-food": "pot", "poultry-leg": "chicken leg", "rice-ball": "rice ball",
    "roasted-sweet-potato": "sweet potato", "root-vegetable": "turnip", "sake": "sake bottle",
    "salt": "salt shaker", "shallow-pan-of-food": "frying pan", "soft-ice-cream": "ice cream cone",
    "spaghetti": "spaghetti", "steaming-bowl": "noodle soup", "stuffed-flatbread": "kebab",
    "takeout-box": "takeout box", "teacup-without-handle": "teacup", "tumbler-glass": "whiskey glass",
    "wine-glass": "wine glass", "beer-mug": "beer", "ice-cream": "ice cream", "brown-mushroom": "mushroom",
    "pie": "pie", "mate": "mate gourd", "pea-pod": "pea pod", "peanuts": "peanut", "oden": "skewer",
    "tangerine": "orange fruit", "doughnut": "donut",
    # objects
    "adhesive-bandage": "bandage", "alembic": "flask", "balance-scale": "scale",
    "ballot-box-with-ballot": "ballot box", "billed-cap": "cap", "black-nib": "pen nib",
    "blue-book": "book|blue", "green-book": "book|green", "orange-book": "book|orange",
    "closed-book": "book|red", "books": "stack of books", "bucket": "bucket", "card-file-box": "file box",
    "card-index": "card index", "carpentry-saw": "saw", "chart-increasing-with-yen": "chart",
    "clapper-board": "clapperboard", "closed-mailbox-with-raised-flag": "mailbox", "clutch-bag": "clutch bag",
    "computer-disk": "minidisc", "desktop-computer": "computer", "diya-lamp": "oil lamp", "dvd": "dvd",
    "optical-disk": "cd", "dollar-banknote": "banknote", "euro-banknote": "banknote",
    "pound-banknote": "banknote", "yen-banknote": "banknote", "electric-plug": "plug",
    "file-cabinet": "filing cabinet", "film-frames": "film strip", "flat-shoe": "flat shoe",
    "folding-hand-fan": "fan", "gem-stone": "gem", "hammer-and-wrench": "hammer and wrench",
    "headphone": "headphones", "high-heeled-shoe": "high heel", "hiking-boot": "hiking boot",
    "identification-card": "id card", "label": "tag", "light-bulb": "light bulb", "link": "chain link",
    "locked": "padlock", "unlocked": "open padlock", "locked-with-key": "lock and key",
    "long-drum": "conga drum", "magnifying-glass-tilted-left": "magnifying glass",
    "magnifying-glass-tilted-right": "magnifying glass", "mobile-phone": "phone",
    "moai": "stone head", "musical-keyboard": "piano", "musical-note": "musical note",
    "musical-score": "treble clef", "necktie": "tie", "net-with-handle": "net",
    "notebook-with-decorative-cover": "notebook", "nut-and-bolt": "nut and bolt", "old-key": "old key",
    "one-piece-swimsuit": "swimsuit", "page-facing-up": "page", "postal-horn": "horn",
    "red-paper-lantern": "lantern|red", "rescue-workers-helmet": "helmet", "roll-of-paper": "toilet paper",
    "round-pushpin": "map pin", "running-shoe": "sneaker", "satellite-antenna": "satellite dish",
    "shopping-bags": "shopping bag", "speaker-high-volume": "speaker", "spiral-calendar": "calendar",
    "tear-off-calendar": "calendar", "spiral-notepad": "notepad", "straight-ruler": "ruler",
    "studio-microphone": "studio microphone", "t-shirt": "T-shirt", "thong-sandal": "flip-flop",
    "triangular-ruler": "set square", "videocassette": "video tape", "wastebasket": "trash can",
    "white-cane": "cane", "womans-boot": "boot", "womans-sandal": "sandal", "computer-mouse": "computer mouse",
    "package": "box", "rolled-newspaper": "newspaper", "television": "TV", "couch": "couch",
    "envelope": "envelope", "x-ray": "x-ray", "funeral-urn": "urn", "fax-machine": "fax machine",
    "mouse-trap": "mousetrap", "prayer-beads": "beads", "lotion-bottle": "lotion bottle",
    # activities
    "1st-place-medal": "medal", "sports-medal": "medal", "military-medal": "military medal",
    "american-football": "football", "artist-palette": "palette", "bowling": "bowling pin",
    "bullseye": "dartboard", "carp-streamer": "carp streamer", "chess-pawn": "chess pawn",
    "club-suit": "club", "spade-suit": "spade", "diamond-suit": "diamond|red", "heart-suit": "heart|red",
    "flying-disc": "frisbee", "framed-picture": "picture frame", "game-die": "die", "goal-net": "goal",
    "ice-skate": "ice skate", "jack-o-lantern": "jack-o'-lantern", "martial-arts-uniform": "karate suit",
    "performing-arts": "theater masks", "pine-decoration": "bamboo", "ping-pong": "ping-pong paddle",
    "pool-8-ball": "pool ball", "puzzle-piece": "puzzle piece", "red-envelope": "envelope|red",
    "reminder-ribbon": "awareness ribbon", "rugby-football": "rugby ball", "running-shirt": "tank top",
    "sewing-needle": "needle and thread", "soccer-ball": "soccer ball", "softball": "softball",
    "tennis": "tennis racket", "thread": "spool of thread", "video-game": "game controller",
    "water-pistol": "water gun", "wrapped-gift": "gift", "yarn": "ball of yarn", "diving-mask": "diving mask",
    "crossed-flags": "crossed flags", "baseball": "baseball", "pinata": "pinata", "piata": "pinata",
    "admission-tickets": "ticket",
    # travel
    "aerial-tramway": "cable car", "small-airplane": "small plane", "airplane": "airplane",
    "articulated-lorry": "semi-truck", "delivery-truck": "truck", "auto-rickshaw": "tuk-tuk",
    "automobile": "car", "oncoming-automobile": "car", "beach-with-umbrella": "beach umbrella",
    "bellhop-bell": "service bell", "bicycle": "bike", "bullet-train": "bullet train",
    "high-speed-train": "bullet train", "carousel-horse": "carousel horse", "classical-building": "temple",
    "closed-umbrella": "closed umbrella", "cloud-with-lightning": "storm cloud",
    "cloud-with-rain": "rain cloud", "cloud-with-snow": "snow cloud", "convenience-store": "shop",
    "department-store": "department store", "desert-island": "island", "fire-engine": "fire truck",
    "flying-saucer": "ufo", "fuel-pump": "gas pump", "globe-showing-americas": "globe",
    "glowing-star": "star|yellow", "star": "star|yellow", "high-voltage": "lightning bolt",
    "hindu-temple": "hindu temple", "horizontal-traffic-light": "traffic light",
    "vertical-traffic-light": "traffic light", "hourglass-done": "hourglass", "house-with-garden": "house",
    "japanese-castle": "japanese castle", "kick-scooter": "scooter", "locomotive": "steam train",
    "mantelpiece-clock": "mantel clock", "manual-wheelchair": "wheelchair",
    "motorized-wheelchair": "electric wheelchair", "motor-boat": "motorboat", "motor-scooter": "moped",
    "mount-fuji": "mountain", "snow-capped-mountain": "mountain", "passenger-ship": "cruise ship",
    "police-car-light": "siren", "railway-car": "train car", "ring-buoy": "life ring",
    "ringed-planet": "planet", "sport-utility-vehicle": "SUV", "statue-of-liberty": "Statue of Liberty",
    "sun-behind-cloud": "sun behind a cloud", "timer-clock": "timer", "tokyo-tower": "tower",
    "tram-car": "tram", "light-rail": "train", "metro": "subway train", "shooting-star": "shooting star",
    "motorcycle": "motorcycle", "new-moon": "moon", "full-moon": "moon", "crescent-moon": "crescent moon",
    "alarm-clock": "clock", "nine-oclock": "wall clock", "office-building": "office building",
    "seat": "seat", "wood": "log", "water-bottle": "water bottle",
    # people, faces, signs
    "eyes": "pair of eyes", "mechanical-arm": "robot arm", "raised-hand": "hand", "waving-hand": "hand",
    "santa-claus": "Santa Claus", "anatomical-heart": "human heart", "flexed-biceps": "flexed arm",
    "clown-face": "clown", "alien-monster": "space invader", "pile-of-poo": "pile of poo",
    "skull-and-crossbones": "skull and crossbones", "broken-heart": "broken heart", "kiss-mark": "kiss mark",
    "grinning-face": "smiley", "smiling-face": "smiley", "grinning-face-with-big-eyes": "smiley",
    "slightly-smiling-face": "smiley", "loudly-crying-face": "crying face", "cowboy-hat-face": "cowboy face",
    "collision": "explosion", "speech-balloon": "speech bubble", "thought-balloon": "thought bubble",
    "hundred-points": "hundred sign", "warning": "warning sign", "no-entry": "no entry sign",
    "recycling-symbol": "recycling sign", "radioactive": "radiation sign", "biohazard": "biohazard sign",
    "peace-symbol": "peace sign", "red-question-mark": "question mark|red",
    "red-exclamation-mark": "exclamation mark|red", "plus": "plus sign", "minus": "minus sign",
    "multiply": "multiplication sign", "divide": "division sign", "atom-symbol": "atom",
    "infinity": "infinity sign", "trident-emblem": "trident", "wheelchair-symbol": "wheelchair sign",
    "no-smoking": "no smoking sign", "no-bicycles": "no bicycles sign",
    "dotted-six-pointed-star": "star of david", "heavy-dollar-sign": "dollar sign",
    "check-mark": "check mark", "cross-mark": "cross mark", "triangular-flag": "flag|red",
    "black-flag": "flag|black", "white-flag": "flag|white", "zzz": "zzz sign",
}  # fmt: skip

_COLOURED = re.compile(rf"^({'|'.join(COLOURS)})-(heart|circle|square)$")


def picture_name(slug: str, category: str | None) -> PictureName | None:
    """What an emoji drawing shows, in everyday words.

    Args:
        slug: The drawing's name in its set, words joined by hyphens: "red-apple".
        category: Unicode's category of the emoji, e.g. "Food & Drink"; None when unknown.

    Returns:
        Its name, or None for drawings that no everyday noun names: skin-tone and gender variants, flags
        of countries, letters, buttons, clock faces beyond one, whole sceneries, near-duplicates.

    Example:
        >>> picture_name("red-apple", "Food & Drink")
        PictureName(noun='apple', colour='red')
        >>> picture_name("farmer-dark-skin-tone", "People & Body") is None
        True
    """
    if category is None:
        return None
    kept = _KEPT_ONLY_SETS.get(category)
    if kept is not None and slug not in kept:
        return None
    if coloured := _COLOURED.match(slug):
        return PictureName(coloured[2], coloured[1])
    if slug in _RENAMED:
        noun, _, colour = _RENAMED[slug].partition("|")
        return PictureName(noun, colour or None)
    if slug in _DROPPED or (kept is None and _DROPPED_PATTERN.search(slug)):
        return None
    return PictureName(slug.replace("-", " "))


_STAMPS_DROPPED = re.compile(
    r"symbols/(alphabets|money|math|music/(key|rest)|faces)|/flags/|roadsigns|body_parts|spider_|grave-|"
    r"docks|/mine$|magic_stones|sedan_police|inukshuk|trainSign|tux|wildboar|chess|people/toys|military/ammun"
)
_STAMP_NOUN = re.compile(
    r"^(?:an?|some|the|a pair of|a couple of|a bunch of|a cluster of|a head of|a very small|a small|a large|"
    r"a big|a lit|a wooden|a ripe,?|a happy|a cup of(?= coffee)|a modern|a male|a female|a colou?rful|a toy)?\s*"
    r"([a-z][a-z' -]+?)\s*[.!?,;(—-]",
    re.IGNORECASE,
)
_STAMP_RENAMED = {
    "t shirt": "T-shirt", "hippopotamus": "hippo", "orange": "orange fruit", "kiwifruit": "kiwi",
    "mandarin orange": "orange fruit", "seville orange": "orange fruit", "avocado fruit": "avocado",
    "mobile telephone": "phone", "laptop computer": "laptop", "glass of water": "glass", "mug": "mug",
    "sail boat": "sailboat", "bicycle": "bike", "motor bike": "motorcycle", "race car": "racing car",
    "formula one race car": "racing car", "cherries": "cherry", "lightbulb": "light bulb",
    "silver garbage can": "trash can", "garbage can": "trash can", "compact disc": "cd",
    "wrapped gift": "gift", "trophy cup": "trophy", "american football": "football",
    "christmas hat": "santa hat", "steam locomotive": "steam train", "sedan car": "car", "sedan": "car",
    "sports car": "car", "coffee": "cup", "high-heeled shoe": "high heel", "monarch butterfly": "butterfly",
    "red kangaroo": "kangaroo", "wild boar": "boar", "computer monitor": "monitor", "clock face": "wall clock",
    "digital camera": "camera", "tombstone": "headstone", "gravestone": "headstone", "stripey fish": "fish",
    "old-fashioned clothespin": "clothespin", "ladybird": "ladybug", "open scissors": "scissors",
    "closed scissors": "scissors", "garlic bulb": "garlic", "sumatran tiger": "tiger", "black rhino": "rhino",
    "wizard's hat": "wizard hat", "knight's helmet": "knight helmet", "elf's hat": "elf hat",
    "fireman": "firefighter", "shamrock": "clover", "bird": "bird", "jack-o'-lantern": "jack-o'-lantern",
    "sock": "sock", "glove": "glove", "cat": "cat", "chile pepper": "chili pepper",
    "washing machine": "washing machine", "microwave oven": "microwave", "clothes hanger": "hanger",
    "tealight candle": "candle", "closed padlock": "padlock", "yellow pepper": "bell pepper|yellow",
    "green pepper": "bell pepper|green", "brown potato": "potato", "ball point pen": "pen",
    "highlighting pen": "highlighter", "university student": None, "container truck": "truck",
    "tamworth pig": "pig", "european bear": "bear", "pickup truck": "pickup truck", "mountaingoat": "goat",
    "edward bear": "teddy bear", "hedgehog": "hedgehog", "lamb": "lamb", "gas cylinder": "gas cylinder",
    "laser printer": "printer", "inkjet printer": "printer", "bulb ornament": "christmas ball",
    "garden spade": "shovel", "plumber's wrench": "wrench", "adjustable wrench": "wrench",
    "metal mallet": "mallet", "bicycle wheel": "bicycle wheel", "scream balloon": None, "container": None,
    "speech balloon": "speech bubble", "thought balloon": "thought bubble", "boom": "explosion",
    "shirt": "shirt", "pants": "pants", "volcano": "volcano", "computer mouse": "computer mouse",
    "quarter of pizza": "pizza", "granny smith": "apple|green", "head of lettuce": "lettuce",
    "string of garlic": "garlic", "yellow lemon": "lemon", "wings": None, "conifer": "pine tree",
}  # fmt: skip


def stamp_name(slug: str, description: str) -> PictureName | None:
    """What a stamp of Tux Paint shows, from its one-line description.

    Args:
        slug: Its path below the stamps folder, without suffix: "food/fruit/apple_red".
        description: First line of its text file: "A red apple."

    Returns:
        Its name, or None when the description is no short name of one thing.

    Example:
        >>> stamp_name("food/fruit/apple_red", "A red apple.")
        PictureName(noun='apple', colour='red')
        >>> stamp_name("household/toilet", "Remember to flush the toilet and wash your hands!") is None
        True
    """
    if _STAMPS_DROPPED.search(slug):
        return None
    text = re.sub('[“”"].*?[“”"] ', "", description.replace("’", "'")).strip() + "."
    match = _STAMP_NOUN.match(text)
    if match is None:
        return None
    noun = match[1].lower().strip()
    colour: str | None = None
    first, _, rest = noun.partition(" ")
    if first == "gray":
        first = "grey"
    if first in COLOURS and rest:
        noun, colour = rest, first
    noun = _STAMP_RENAMED.get(noun, noun) or ""
    noun, _, stated = noun.partition("|")
    if not noun or len(noun.split()) > 2 or len(noun) < 3:
        return None
    return PictureName(noun, colour or stated or None)
