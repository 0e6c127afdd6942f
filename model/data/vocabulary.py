"""How common a noun is, its plural, and which nouns one drawing could both be called; knows no pixels."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable

import numpy as np

# Most frequent first: what people ask a robot or a camera for.
_EVERYDAY = (
    "apple|cup|dog|cat|car|book|banana|ball|house|tree|phone|key|flower|bird|chair|bottle|fish|shoe|clock|"
    "orange fruit|pen|box|horse|bus|bike|airplane|boat|hat|umbrella|glasses|scissors|hammer|pencil|laptop|"
    "sun|moon|cake|pizza|burger|bread|egg|cheese|carrot|tomato|lemon|strawberry|grapes|pear|cow|pig|sheep|"
    "duck|rabbit|mouse|elephant|lion|bear|monkey|frog|snake|spider|bee|butterfly|turtle|train|truck|"
    "motorcycle|ship|sailboat|rocket|helicopter|door|window|bed|couch|lamp|light bulb|candle|computer|TV|"
    "keyboard|camera|watch|backpack|handbag|T-shirt|dress|sock|socks|gloves|scarf|coat|jeans|sneaker|boot|"
    "crown|ring|spoon|fork|knife|plate|bowl|pot|frying pan|teapot|mug|glass|wine glass|beer|teacup|"
    "soccer ball|basketball|baseball|football|tennis ball|volleyball|guitar|piano|drum|violin|trumpet|bell|"
    "gift|balloon|robot|ghost|smiley|baby|hand|eye|nose|ear|foot|tooth|bone|brain|fire|cloud|rainbow|"
    "snowman|snowflake|lightning bolt|leaf|mushroom|cactus|rose|tulip|sunflower|palm tree|pine tree|mountain|"
    "wrench|screwdriver|saw|axe|shovel|ladder|bucket|broom|toothbrush|soap|sponge|toilet|bathtub|shower|"
    "padlock|magnet|battery|flashlight|microscope|telescope|globe|map pin|flag|envelope|newspaper|calendar|"
    "notebook|ruler|paperclip|pushpin|clipboard|folder|trash can|shopping cart|money bag|coin|credit card|"
    "banknote|medal|trophy|puzzle piece|die|game controller|kite|teddy bear|doll|yo yo|paintbrush|palette|"
    "crayon|donut|cookie|ice cream|candy|lollipop|chocolate bar|popcorn|french fries|hot dog|sandwich|taco|"
    "sushi|pineapple|watermelon|peach|cherry|kiwi|mango|coconut|avocado|corn|broccoli|onion|garlic|potato|"
    "eggplant|cucumber|bell pepper|pumpkin|chicken|rooster|owl|eagle|penguin|parrot|swan|wolf|fox|tiger|"
    "giraffe|zebra|kangaroo|panda|koala|camel|goat|deer|squirrel|hedgehog|snail|ant|ladybug|crab|lobster|"
    "octopus|shark|whale|dolphin|dinosaur|dragon|unicorn|taxi|police car|ambulance|fire truck|tractor|tram|"
    "scooter|skateboard|wheel|traffic light|stop sign|warning sign|bridge|castle|church|tent|lighthouse|"
    "anchor|compass|hourglass|alarm clock|stopwatch|thermometer|pill|syringe|stethoscope|bandage|shield|bow|"
    "sword|bomb|skull|alien|ufo|planet|comet|microphone|headphones|radio|speaker|telephone|printer|plug|"
    "mirror|basket|jar|can|salt shaker|honey pot|pancakes|waffle|croissant|bagel|bacon|steak|spaghetti"
).split("|")
_RANK = {noun: rank for rank, noun in enumerate(_EVERYDAY)}

# One drawing may answer to every noun of its group, so that no two of them are asked about one picture.
_LOOKALIKES = (
    "apple|peach|tomato|cherry|pomegranate|prune|nectarine",
    "orange fruit|tangerine|mandarin orange|seville orange|peach|apricot|mango|sliced orange|orange",
    "lemon|lime|lemon slice|sliced lime",
    "melon|watermelon",
    "grapes|blueberries|raspberry|olive",
    "bread|baguette|bagel|croissant|flatbread|loaf of bread|butter|toast|sandwich",
    "burger|sandwich",
    "cake|shortcake|cupcake|pudding|pie|moon cake|waffle|pancakes|pink cake|christmas pudding|mince pie",
    "cup|mug|teacup|beer|glass|glass of milk|soda cup|bubble tea|cup of coffee|cup of espresso coffee|juice box|"
    "glass of water|whiskey glass|mate gourd|coffee",
    "wine glass|cocktail|tropical drink|glass|whiskey glass",
    "bottle|champagne bottle|baby bottle|sake bottle|lotion bottle|wine bottle|water bottle",
    "bowl|bowl of rice|noodle soup|salad|curry|frying pan|pot|plate|fondue|bento box|spaghetti",
    "ice cream|ice cream cone|shaved ice",
    "candy|lollipop|candy cane|hard candy",
    "fork|knife|spoon|fork and knife|plate|kitchen knife|dagger|sword|crossed swords|chopsticks",
    "bell pepper|chili pepper|chile pepper|green pepper|yellow pepper",
    "lettuce|herb|salad|seedling|leaf|broccoli",
    "potato|sweet potato|yam|peanut|ginger|chestnut|almond|walnut|pecan|turnip|eggplant",
    "dog|poodle|wolf|fox|dingo|puppy",
    "cat|lion|tiger|leopard|cheetah|kitten|black cat|raccoon",
    "bear|polar bear|panda|teddy bear|koala|beaver|groundhog|wombat",
    "mouse|rat|hamster|chipmunk|squirrel|hedgehog|beaver|rabbit|capybara|marmot|badger|skunk|otter|ferret",
    "cow|ox|bison|water buffalo|bull|yak|zebu|boar|pig|gnu",
    "sheep|ram|goat|llama|lamb|ewe",
    "horse|donkey|zebra|unicorn|carousel horse|moose|deer|camel|giraffe|reindeer|doe|caribou|wapiti",
    "elephant|mammoth|rhino|hippo",
    "monkey|gorilla|orangutan|chimpanzee|sloth|emperor tamarin",
    "bird|parrot|owl|eagle|duck|swan|goose|dove|turkey|rooster|chicken|chick|blackbird|penguin|dodo|phoenix|"
    "flamingo|peacock|crow|pigeon|seagull|toucan|pelican|vulture|ostrich|magpie|swallow|lark|hen|drake|gander|"
    "pink flamingo|heron|crane|cuckoo|quetzal|guinea fowl|rhea|brown hen|great blue heron|crowned crane|"
    "helmeted guinea fowl|silver gull|rainbow lorikeet|colorful rooster|magellanic penguin|little penguin|"
    "baby bird|rubber duck|feather|hatching chick|albino peahen|adelaide rosella",
    "fish|tropical fish|blowfish|shark|dolphin|whale|orca|seal|carp streamer|clownfish|lionfish|butterflyfish|"
    "coral trout|dolphinfish|moon wrasse|seahorse|sea lion|stripey fish",
    "octopus|squid|jellyfish",
    "crab|lobster|shrimp|scorpion|fried shrimp|spiny lobster",
    "snake|worm|lizard|crocodile|dinosaur|dragon|turtle|caterpillar|iguana|snail|slug|brown slug|eel",
    "ant|bee|beetle|ladybug|cockroach|fly|mosquito|cricket|spider|butterfly|hornet|grasshopper|mantis|"
    "dragonfly|woodlouse|wasp|hoverfly|xanthia|monarch butterfly|bug|insect",
    "flower|rose|tulip|sunflower|cherry blossom|hibiscus|lotus|hyacinth|white flower|wilted flower|bouquet|"
    "rosette|potted plant|daisy|poppy|orchid|lily|iris|dandelion|pansy|daffodil|carnation",
    "tree|pine tree|palm tree|bare tree|christmas tree|cactus|bamboo|potted plant|seedling|rice plant|bush|"
    "oak|herb|pine",
    "leaf|maple leaf|clover|seedling|herb",
    "car|taxi|police car|racing car|SUV|pickup truck|minibus|sports car|race car|sedan car|truck|van|VW beetle",
    "truck|semi-truck|fire truck|ambulance|pickup truck|bus|minibus|trolleybus|delivery truck|tractor|"
    "garbage truck|tanker truck|logging truck|container truck|dump truck|toy truck|tow truck|bulldozer|"
    "school bus|double decker bus|cement truck|forklift truck|blue truck|green bus",
    "train|bullet train|subway train|steam train|tram|monorail|train car|cable car|trolleybus|bus|station|"
    "locomotive|steam locomotive|toy train|white locomotive|passenger carriage|caboose|boxcar",
    "bike|motorcycle|moped|scooter|wheelchair|electric wheelchair|tricycle|pink tricycle|motor bike|"
    "blue bicycle|bicycle",
    "boat|ship|cruise ship|ferry|sailboat|speedboat|motorboat|canoe|sail boat|tugboat|walnut sailboat|"
    "shipwreck",
    "airplane|small plane|rocket|helicopter|space shuttle|jet",
    "house|hut|school|hospital|hotel|bank|church|mosque|castle|temple|factory|shop|department store|"
    "post office|office building|japanese castle|synagogue|hindu temple|stadium|station|tower|lighthouse|"
    "building|home|barn|cathedral|windmill|igloo|warehouse|jailhouse|fairytale castle|watch tower|"
    "square tower|farm|ruins|tent|circus tent|fountain|hovel|inn|mill",
    "mountain|volcano|island|rock|stone head|hill",
    "sun|moon|crescent moon|planet|globe|star|smiley|comet|meteor|shooting star|sparkles|glowing star|"
    "star of david|cookie|earth|fireworks|explosion|fire|full moon",
    "cloud|rain cloud|snow cloud|storm cloud|sun behind a cloud|tornado|thought bubble|speech bubble|"
    "scream balloon|speech balloon|thought balloon",
    "ball|soccer ball|basketball|baseball|football|tennis ball|volleyball|rugby ball|pool ball|softball|"
    "crystal ball|mirror ball|bowling ball|cricket ball|ball of yarn|globe|yo yo|marble|american football",
    "chair|seat|couch|bed|wheelchair",
    "phone|telephone|mobile telephone|calculator|pager|radio|fax machine|computer|laptop|TV|keyboard|printer|"
    "monitor|computer monitor|laptop computer|slot machine|camera|video camera|movie camera|film projector|"
    "digital camera|microwave oven|tablet",
    "mouse|computer mouse|trackball",
    "book|notebook|open book|stack of books|ledger|notepad|newspaper|page|scroll|receipt|calendar|clipboard|"
    "chart|bar chart|card index|file folder|file box|ticket|id card|tag|bookmark|placard|banknote|credit card|"
    "envelope|passport|folder",
    "pen|pencil|crayon|fountain pen|pen nib|paintbrush|lipstick|marker|ball point pen|highlighting pen|"
    "dry erase marker|magic wand|toothbrush|cigarette|screwdriver|candle|firecracker|needle and thread|"
    "large paintbrush|pool cue|stick|cane",
    "key|old key|lock and key|padlock|open padlock|closed padlock",
    "hammer|axe|pick|hammer and wrench|wrench|screwdriver|saw|shovel|plunger|broom|metal mallet|pliers|"
    "adjustable wrench|plumber's wrench|garden spade|kitchen knife|razor|large metal mallet",
    "clock|alarm clock|watch|stopwatch|timer|wall clock|mantel clock|compass|clock face|hourglass",
    "bag|handbag|purse|backpack|briefcase|luggage|clutch bag|shopping bag|money bag|toolbox|basket|"
    "red handbag|suitcase|first aid kit",
    "shoe|sneaker|boot|high heel|sandal|flip-flop|flat shoe|hiking boot|ballet shoes|ice skate|roller skate|"
    "red high-heeled shoe|sock|socks|skis",
    "hat|cap|top hat|helmet|graduation cap|crown|military helmet|cowboy hat|baseball cap|wizard's hat|"
    "sombrero|fedora|brown hat|purple hat|green hat|blue fedora|green fedora|christmas hat|feathered hat|"
    "propeller hat|yellow hard hat|elf's hat|knight's helmet|hard hat|santa hat",
    "T-shirt|shirt|dress|coat|tank top|lab coat|kimono|sari|karate suit|safety vest|jacket|swimsuit|polo shirt|"
    "folded shirt|t shirt|grey jacket|black dress|shorts|briefs|bikini|jeans|pants|blue jeans|white pants|"
    "top and skirt|bell bottom pants|robe",
    "glasses|sunglasses|goggles|diving mask|pair of eyes",
    "guitar|violin|banjo|harp|cello|bass",
    "trumpet|trombone|saxophone|horn|flute|megaphone|loudspeaker|clarinet|tuba|french horn",
    "drum|conga drum|maracas",
    "microphone|studio microphone",
    "speaker|loudspeaker|megaphone",
    "bell|service bell|siren",
    "umbrella|closed umbrella|beach umbrella|parachute|red umbrella",
    "medal|military medal|trophy|rosette|coin|minidisc|cd|dvd|compact disc|trophy cup|wheel|life ring",
    "gift|box|takeout box|treasure chest|basket|trash can|mailbox|postbox|bucket|ballot box|wrapped gift|"
    "silver garbage can|garbage can|juice box|drum|oil drum|can|wheelie bin|jar|pot|urn",
    "flag|chequered flag|pirate flag|rainbow flag|crossed flags",
    "heart|broken heart|human heart",
    "square|rectangle|box|trapezoid|parallelogram",
    "circle|oval|ring|ball|donut|egg|coin|button|cd|dvd|moon|sun|semicircle",
    "triangle|set square|warning sign",
    "cross|plus sign|multiplication sign|cross mark|division sign",
    "crescent|moon|crescent moon|croissant|banana",
    "diamond|gem|kite",
    "star|sparkles|shooting star|starfish|star of david|christmas star",
    "arrow|bow",
    "pentagon|hexagon|octagon|stop sign",
    "baby|boy|girl|man|woman|old man|old woman|cook|detective|farmer|firefighter|guard|judge|pilot|"
    "police officer|prince|princess|scientist|singer|superhero|vampire|zombie|elf|fairy|genie|mermaid|ninja|"
    "astronaut|skier|snowboarder|Santa Claus|selfie|scarecrow|fireman|doctor|nurse|woman dancing|knight|"
    "man in a suit|girl in a wheelchair|witch|wizard|clown|nesting dolls|teddy bear|person|doll|king|queen",
    "smiley|angry face|crying face|sleeping face|winking face|frowning face|nerd face|cowboy face|clown|goblin|"
    "ogre|alien|ghost|skull|skull and crossbones|jack-o'-lantern|robot|pumpkin|space invader|baby",
    "hand|thumbs up|thumbs down|handshake|flexed arm|robot arm|gloves|glove|foot|leg",
    "eye|pair of eyes|ear|nose|mouth|tongue|tooth|brain|lungs|foot|footprints|paw print|kiss mark",
    "tent|circus tent",
    "fire|explosion|fireworks|firecracker|candle|oil lamp|lantern|comet|meteor",
    "light bulb|candle|flashlight|lantern|oil lamp|lamp|siren|traffic light",
    "snowflake|ice cube|sparkles",
    "chess pawn|bowling pin",
    "moai|stone head|rock|headstone|gravestone|tombstone|coffin|grave marker|monument stone|cemetery marker",
    "wheel|tire|gear|bicycle wheel|tractor wheel|steering wheel|dartboard|compass|life ring|ferris wheel",
    "musical note|treble clef|quarter note|eighth note|half note|whole note|bass clef",
    "microscope|telescope",
    "flask|test tube|petri dish|syringe|pill",
    "bow|ribbon|awareness ribbon|bow tie|tie|scarf",
    "club|spade|heart|diamond|clover|joker",
    "pie|pizza",
    "spider|spider web|net",
    "chains|chain link|beads|paperclip|hook|safety pin",
    "log|bacon|steak|meat on the bone|chicken leg|bone",
    "taco|burrito|tamale|kebab|dumpling|sandwich|hot dog|flatbread",
    "sushi|rice ball|rice cracker|dango|skewer|falafel",
    "map pin|pushpin",
    "cigarette|firecracker",
    "donut|bagel|pretzel|cookie|fortune cookie",
)

_ONLY_PLURAL = frozenset(
    "glasses sunglasses scissors goggles jeans shorts briefs headphones grapes blueberries beans gloves socks "
    "skis chains bubbles pancakes chopsticks footprints fireworks sparkles maracas beads lungs pants pliers "
    "binoculars ruins wings".split()
) | {"french fries", "ballet shoes", "theater masks", "crossed swords", "nesting dolls", "thumbs up"}
_UNCOUNTED = frozenset(
    "bread bacon butter popcorn broccoli corn garlic spaghetti curry salad sushi soap ginger lettuce cheese "
    "fire toilet-paper bamboo luggage dna rice money hair".split()
) | {"toilet paper", "nail polish", "noodle soup", "shaved ice", "fried shrimp", "thumbs down", "lightning"}
_IRREGULAR = {
    "mouse": "mice", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "goose": "geese",
    "sheep": "sheep", "fish": "fish", "deer": "deer", "moose": "moose", "bison": "bison", "squid": "squid",
    "ox": "oxen", "die": "dice", "cactus": "cacti", "leaf": "leaves", "loaf": "loaves", "wolf": "wolves",
    "knife": "knives", "scarf": "scarves", "shelf": "shelves", "series": "series", "shrimp": "shrimps",
    "potato": "potatoes", "tomato": "tomatoes", "mango": "mangoes", "mosquito": "mosquitoes",
    "torpedo": "torpedoes", "fireman": "firemen", "snowman": "snowmen", "elf": "elves", "child": "children",
}  # fmt: skip


def plural(noun: str) -> str | None:
    """The plural of a noun, or None for things that English does not count.

    Example:
        >>> plural("glass of milk"), plural("mouse"), plural("scissors"), plural("toilet paper")
        ('glasses of milk', 'mice', 'scissors', None)
    """
    if noun in _UNCOUNTED:
        return None
    if noun in _ONLY_PLURAL:
        return noun
    head, of, rest = noun.partition(" of ")
    if of:
        return f"{plural(head)} of {rest}"
    words = noun.split(" ")
    last = words[-1]
    if last in _IRREGULAR:
        words[-1] = _IRREGULAR[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        words[-1] = last + "es"
    elif last.endswith("y") and len(last) > 1 and last[-2] not in "aeiou":
        words[-1] = last[:-1] + "ies"
    else:
        words[-1] = last + "s"
    return " ".join(words)


def is_plural_only(noun: str) -> bool:
    """Whether one such thing is already named in the plural: "scissors"."""
    return noun in _ONLY_PLURAL


def with_article(phrase: str, noun: str) -> str:
    """The phrase behind "a" or "an", or bare where English has neither.

    Args:
        phrase: What to put the article before: "red apple".
        noun: The noun of the phrase, which decides whether it takes an article: "apple".

    Example:
        >>> with_article("orange cup", "cup"), with_article("scissors", "scissors"), with_article("ufo", "ufo")
        ('an orange cup', 'scissors', 'a ufo')
    """
    if noun in _ONLY_PLURAL or noun in _UNCOUNTED:
        return phrase
    an = phrase[0] in "aeiouAEIO" and not phrase.lower().startswith(("uni", "ufo", "eu", "one"))
    return f"{'an' if an or phrase[:2] in ('x-', 'SU') else 'a'} {phrase}"


@functools.cache
def _groups_of(noun: str) -> frozenset[int]:
    return frozenset(i for i, group in enumerate(_GROUPS) if noun in group)


_GROUPS = tuple(frozenset(group.split("|")) for group in _LOOKALIKES)


@functools.cache
def clash(one: str, other: str) -> bool:
    """Whether one thing could answer to both nouns, so that asking for one of them would be unfair.

    True for the same noun, for nouns of a common lookalike group, and for nouns with a common word.

    Example:
        >>> clash("car", "racing car"), clash("parrot", "owl"), clash("apple", "dog")
        (True, True, False)
    """
    if one == other or _groups_of(one) & _groups_of(other):
        return True
    return not set(one.lower().split()).isdisjoint(set(other.lower().split()) - {"of", "and", "the", "a"})


def popularity(nouns: Iterable[str]) -> np.ndarray:
    """How often each noun is to be drawn: everyday things first, a long tail after them.

    Args:
        nouns: Distinct nouns.

    Returns:
        float64 (N,), sums to 1; falls like rank^-0.9, ranks beyond the everyday list by a stable hash.
    """
    nouns = list(nouns)
    order = sorted(nouns, key=lambda n: (_RANK.get(n, len(_RANK)), hashlib.sha1(n.encode()).digest()))
    rank = {noun: i for i, noun in enumerate(order)}
    weights = np.array([(rank[noun] + 15.0) ** -0.9 for noun in nouns])
    return weights / weights.sum() if len(nouns) else weights
