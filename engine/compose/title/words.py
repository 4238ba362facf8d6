"""The words that titles are made of: themes that prompts mention, adjectives by mood, nouns and forms by style.

Conventions: lists are written as text, parted by commas. A `+` behind an item keeps it for glad songs, a `-` for sad
ones; all others suit any. A *thing* is a noun that stands without an article and takes an adjective, or neither
if a `!` stands behind it; a *place* follows a noun. What would hurt, boast or name a person is in no list.
Caveat: themes are heard in English words only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What prompts are about: the words that tell it, and what titles say of it. `sombre`: never a merry matter."""

    heard: str
    things: str
    places: str
    sombre: bool = False


THEMES: dict[str, Theme] = {
    "rain": Theme(
        heard="rain rainy raining drizzle puddle puddles umbrella umbrellas wet",
        things="Rain, Raindrops, Umbrella, Puddles, Raincoat, Drizzle, Rainbow+, Wet Pavement, Grey Weather-",
        places="on the Roof, at the Window, on Tin, on the Awning, over the Square",
    ),
    "storm": Theme(
        heard="storm stormy thunder lightning hurricane tempest",
        things="Thunder, Lightning, Storm, Weather Vane, Dark Clouds-, Barometer, Shutters, Squall",
        places="over the Hills, before the Storm, in the Distance, on the Horizon",
    ),
    "fog": Theme(
        heard="fog foggy mist misty haze hazy smoke smoky",
        things="Fog, Mist, Haze, Lighthouse, Foghorn, Smoke, Silhouettes, Vapour",
        places="in the Mist, through the Fog, before Dawn, on the Moor",
    ),
    "night": Theme(
        heard="night midnight nighttime tonight nights nocturnal insomnia",
        things="Night, Midnight!, Lamplight, Night Bus, Moths, Nightfall, Small Hours, Night Owl, Shadows-",
        places="at Midnight, after Hours, in the Dark, by Lamplight, under the Lamps",
    ),
    "evening": Theme(
        heard="evening dusk sunset twilight afternoon sundown",
        things="Dusk!, Evening, Sunset, Twilight, Porch Light, Long Shadows, Afterglow, Evening Air",
        places="at Dusk, at Sundown, before Dinner, in the Last Light",
    ),
    "morning": Theme(
        heard="morning dawn sunrise breakfast waking wake monday alarm",
        things="Morning, Dawn!, Dew, Toast, First Light, Alarm Clock, Daybreak+, Sunrise+, Early Train",
        places="at Dawn, before Breakfast, on a Monday, in the First Light",
    ),
    "moon": Theme(
        heard="moon moonlight lunar moonlit",
        things="Moon, Moonlight, Half Moon, Silver Light, Moonrise, Crescent, Tide Chart",
        places="on the Lake, under the Moon, over the Rooftops",
    ),
    "space": Theme(
        heard="space stars star galaxy cosmic planet astronaut orbit spaceship rocket alien aliens universe nebula",
        things="Orbit, Starlight, Satellite, Comet, Stardust!, Telescope, Constellation, Airlock, Nebula, Gravity!",
        places="among the Stars, in Orbit, beyond the Moon, past Saturn, in Deep Space",
    ),
    "sky": Theme(
        heard="sky clouds cloud flying flight wings balloon kite birds bird airplane floating floats",
        things="Clouds, Kite, Wings, Feathers, Swallows, Blue Sky+, Paper Plane, Weather Balloon, Contrails",
        places="above the Clouds, in the Air, over the Fields, on the Wind",
    ),
    "wind": Theme(
        heard="wind windy breeze",
        things="Wind, Breeze, Weathercock, Wind Chimes, Washing Line, Sails, Tall Grass, Open Gate",
        places="in the Wind, on the Hill, across the Plain",
    ),
    "sea": Theme(
        heard="sea ocean sailor sailors waves ship ships wave boat boats harbour sailing pirate pirates yacht whale"
        " tide"
        " lighthouse fishing fish underwater",
        things="Tide, Harbour, Salt Wind, Driftwood, Anchor, Sails, Lighthouse, Seagulls, Compass, Undertow-,"
        " Deep Water",
        places="in the Harbour, at Low Tide, on the Pier, off the Coast, beyond the Breakwater, under the Waves",
    ),
    "beach": Theme(
        heard="beach sand palm island tropical surf surfing surfer hammock holiday vacation pool swimming summer rio"
        " hawaii sunglasses",
        things="Sand, Palm Trees, Boardwalk, Sandals, Seashells, Hammock, Lemonade+, Postcard, Beach Towel, Parasol",
        places="on the Sand, in the Shade, by the Pool, on the Boardwalk, in August",
    ),
    "sun": Theme(
        heard="sun sunny sunshine sunlight heat hot",
        things="Sun, Sunshine+, Sunlight+, Warm Pavement+, Sundial, Deckchair, Straw Hat, Heat, Blue Sky+",
        places="in the Sun, at Noon, through the Blinds",
    ),
    "winter": Theme(
        heard="winter snow snowy cold frozen frost icy blizzard skating ski skiing sledge",
        things="Snow, Snowfall, Frost, Icicles, Winter Coat, Mittens, Footprints, Frozen Pond, Snow Globe",
        places="in the Snow, on the Frozen Lake, at the Window, in January",
    ),
    "christmas": Theme(
        heard="christmas xmas santa sleigh holidays",
        things="Sleigh Bells, Candles, Paper Stars, Tinsel+, Fir Tree, Gingerbread, Winter Lights, Carol",
        places="by the Fireside, in December, under the Tree",
    ),
    "autumn": Theme(
        heard="autumn leaves october november halloween pumpkin harvest",
        things="Leaves, Amber Leaves, October!, Chestnuts, Woollen Scarf, Bonfire, Harvest, Bare Branches-",
        places="in the Park, in October, on the Pavement, under the Maple",
    ),
    "spring": Theme(
        heard="spring blossom april flowers flower garden rose roses bloom gardening plants meadow bees",
        things="Blossom, April!, Petals, Garden, Seedlings, Bees, Honeysuckle, Greenhouse, Clover, Wild Roses",
        places="in Bloom, in the Garden, along the Hedge, behind the Greenhouse, in May",
    ),
    "forest": Theme(
        heard="forest woods trees tree jungle leaf elf elves fairy mushroom",
        things="Pines, Moss, Ferns, Forest Path, Owl, Birch, Fireflies, Clearing, Acorns, Roots",
        places="under the Pines, in the Clearing, among the Ferns, along the Path, through the Trees",
    ),
    "river": Theme(
        heard="river lake water creek waterfall canal mississippi pond swamp",
        things="River, Ripples, Stepping Stones, Ferry, Willows, Reeds, Mill Wheel, Shallows, Oars",
        places="by the River, under the Bridge, across the Water, along the Canal, on the Bank",
    ),
    "mountain": Theme(
        heard="mountain mountains hills hill valley peak canyon cliff climbing hiking glacier",
        things="Summit, High Meadow, Mountain Pass, Echo, Trail, Ridge, Granite, Lanterns, Switchbacks",
        places="above the Valley, on the Ridge, at the Summit, over the Pass",
    ),
    "desert": Theme(
        heard="desert cactus dust dusty western cowboy cowboys saloon outlaw horse horses west",
        things="Dust, Tumbleweed, Saddle, Mesa, Spurs, Swinging Doors, Campfire, Dry Creek, Mustang",
        places="in the Dust, across the Plains, at the Crossroads, at High Noon",
    ),
    "farm": Theme(
        heard="farm barn village country field fields cow cows sheep cottage countryside tractor inn",
        things="Barn Lights, Haystack, Village Green, Weathervane, Old Gate, Orchard, Lantern, Barley, Windmill",
        places="in the Barn, on the Green, beyond the Orchard, across the Fields",
    ),
    "city": Theme(
        heard="city town street streets downtown tokyo berlin paris london york chicago skyline urban rooftop rooftops"
        " alley sidewalk lisbon",
        things="City Lights, Side Streets, Rooftops, Crosswalk, Lamp Posts, Skyline, Awning, Fire Escape, Traffic",
        places="on the Rooftop, above the Street, around the Corner, across Town, on the Avenue",
    ),
    "neon": Theme(
        heard="neon cyberpunk retrowave outrun laser lasers chrome future futuristic hologram vhs",
        things="Neon, Skyline, Afterimage, Chrome, Grid, Hologram, Night Drive, Glow, Signal",
        places="under Neon, on the Grid, at the Edge of Town, in Stereo",
    ),
    "train": Theme(
        heard="train trains station subway tram railway metro bus platform locomotive rails",
        things="Last Tram, Platform, Timetable, Window Seat, Sleeper Car, Whistle, Signal Box, Ticket, Rails",
        places="at the Station, on Platform Two, between Stations, down the Line",
    ),
    "road": Theme(
        heard="road driving drive highway travel car cars truck roadtrip trip motorway motorcycle bike bicycle racing"
        " race taxi garage",
        things="Open Road, Miles, Next Exit, Headlights, Road Map, Mirror, Dashed Lines, Roadside, Full Tank+",
        places="on the Road, past the Exit, in the Mirror, on Route Nine, by the Wayside",
    ),
    "airport": Theme(
        heard="airport plane hotel suitcase passport tourist elevator lobby lounge cruise",
        things="Departures, Suitcase, Gate Nine!, Boarding Call, Revolving Door, Room Key, Carousel, Window Seat",
        places="at the Gate, in the Lobby, between Flights, on the Ninth Floor",
    ),
    "coffee": Theme(
        heard="coffee cafe espresso tea barista bakery brunch",
        things="Second Cup, Coffee, Teapot, Corner Table, Cinnamon, Espresso, Steam, Saucer, Sugar Cubes",
        places="at the Corner Table, in the Cafe, by the Counter, at Closing Time",
    ),
    "food": Theme(
        heard="kitchen cooking dinner food pizza cake pie banana cream lunch soup bread baking chocolate honey sugar"
        " lemonade picnic market fruit pancakes noodles",
        things="Kitchen, Recipe, Pancakes, Honey, Bread, Apple Pie, Market Day, Spoons, Picnic, Marmalade",
        places="in the Kitchen, on the Stove, at the Table, at the Market",
    ),
    "drink": Theme(
        heard="whiskey wine beer champagne cocktail rum drunk pub bartender tavern drinking gin",
        things="Last Round, Empty Glass-, Barstool, Corks, Bubbles+, Amber Glass, Jukebox, Clinking Glasses",
        places="at the Bar, in the Back Room, at Last Orders",
    ),
    "study": Theme(
        heard="study studying homework reading coding focus exam exams library thesis school class essay book books"
        " working work office writing computer deadline chess teacher desk laptop",
        things="Notebook, Open Page, Pencil, Desk Lamp, Bookmark, Margins, Index Cards, Chalk, Footnotes, Paper Clips",
        places="at the Desk, in the Library, in the Margins, before the Bell",
    ),
    "sleep": Theme(
        heard="sleep sleepy lullaby asleep bed bedtime nap sleeping tired bedroom pillow lazy pyjamas",
        things="Pillow, Lullaby, Blanket, Night Light, Quilt, Yawn, Counting Sheep!",
        places="under the Covers, before Sleep, by the Night Light",
    ),
    "dream": Theme(
        heard="dream dreams dreamy daydream dreaming drifting wonder magic magical",
        things="Daydream, Dream, Paper Boats, Looking Glass, Mobile, Carousel, Soap Bubbles, Sleepwalk",
        places="in a Dream, on the Ceiling, behind Closed Eyes",
    ),
    "calm": Theme(
        heard="calm meditation yoga relax relaxing peaceful zen breathing breath spa monk temple massage mindfulness",
        things="Stillness, Breath, Pebbles, Incense, Water Garden, Bamboo, Lotus, Singing Bowl, Candle",
        places="in Stillness, by the Pond, at Rest",
    ),
    "love": Theme(
        heard="love romantic kiss crush date girlfriend boyfriend valentine heart sweetheart couple romance flirting",
        things="Letters, Two Umbrellas!, Valentine, Love Song, Heartbeat, Ribbon, Promise, Handwriting, Love Letter",
        places="for Two, by Heart, across the Table, in Your Pocket",
    ),
    "wedding": Theme(
        heard="wedding bride groom anniversary engagement honeymoon",
        things="Bouquet, First Dance, Confetti+, Vows, Ribbons, Bells, Roses",
        places="at the Altar, in White, on the Lawn",
    ),
    "farewell": Theme(
        heard="goodbye farewell breakup heartbreak leaving gone missing alone lonely lost ex divorce miss loneliness"
        " regret homesick",
        things="Last Letter, Empty Chair, Other Shore, Long Way Home!, Half a Photograph!, Closed Door, Old Number",
        places="without You, on the Doorstep, at the Gate, in the Hallway",
        sombre=True,
    ),
    "grief": Theme(
        heard="funeral grave death died dead widow cemetery mourning grief requiem memorial hospital dies",
        things="Candle, Memory, Lilies, Remembrance, Vigil, Evensong, Long Silence, Chapel",
        places="in Memory, by Candlelight, in the Chapel",
        sombre=True,
    ),
    "tears": Theme(
        heard="sad crying tears cry melancholy sorrow gloomy depressed pain hurts weeping",
        things="Blue Hour, Teardrops, Weather, Undertone, Grey Morning, Rainy Day, Sigh, Minor Key",
        places="in Blue, in the Grey, in Soft Focus",
        sombre=True,
    ),
    "ghost": Theme(
        heard="ghost ghosts haunted spooky scary horror creepy vampire witch zombie eerie monster demon",
        things="Attic, Creaking Stairs, Cobwebs, Old House, Portrait, Candlestick, Cold Draught, Lantern, Keyhole",
        places="in the Attic, behind the Curtain, on the Stairs, at the Keyhole",
    ),
    "mystery": Theme(
        heard="detective noir mystery spy secret heist murder crime thriller gangster casino casinos agent",
        things="Trench Coat, Clue, Alibi, Footsteps, Venetian Blinds, Double Bluff, Case File, Side Door, Wild Card",
        places="in the Shadows, behind the Blinds, on the Case, at Table Nine",
    ),
    "battle": Theme(
        heard="battle war fight fighting sword army villain epic duel warrior chase soldiers victory hero gladiator"
        " revenge",
        things="Banner, Drumbeat, Rampart, Shield, Vanguard, Watchtower, Torches, Cavalcade, Challenge",
        places="at the Gates, on the Ramparts, before Nightfall, to the End",
    ),
    "castle": Theme(
        heard="castle king queen palace royal knight princess medieval prince throne dragon court kingdom wizard bard"
        " dnd tavern fantasy dungeon",
        things="Crown, Tapestry, Drawbridge, Great Hall, Courtyard, Minstrel, Dragon, Goblet, Moat, Herald",
        places="in the Great Hall, across the Drawbridge, at Court, under the Tower",
    ),
    "church": Theme(
        heard="church choir cathedral prayer gospel hymn angel angels holy chapel monastery bells",
        things="Bells, Stained Glass, Steeple, Choir, Cloister, Candles, Evensong, Vault, Psalm",
        places="in the Steeple, under the Vault, on Sunday",
    ),
    "game": Theme(
        heard="game games gaming level boss pixel arcade console rpg nintendo quest gameboy joystick"
        " platformer mario zelda tetris 8bit",
        things="Level, Bonus Round, Extra Life!, Pixels, Save Point, Warp Zone, Joystick, Hidden Door, Power Up+, Maze",
        places="on Level Two, in the Arcade, behind the Waterfall, past the Boss",
    ),
    "robot": Theme(
        heard="robot robots machine machines android factory computer cyborg server circuit",
        things="Circuit, Clockwork, Switchboard, Gears, Tin Robot, Signal, Assembly Line, Blinking Lights, Relay",
        places="in the Machine, on Standby, behind the Panel",
    ),
    "party": Theme(
        heard="party club disco birthday festival carnival celebration parade friday saturday weekend rave confetti",
        things="Confetti+, Mirror Ball, Streamers, Paper Lanterns, Parade, Fireworks+, Balloons+, Guest List, Encore",
        places="on the Dance Floor, on Saturday, all Night, in the Crowd",
    ),
    "dance": Theme(
        heard="dance waltz dancing jig reel ballroom tango dancers dances dancer ballet samba polka",
        things="Footwork!, Turning Floor, Dancing Shoes, Ballroom, Pirouette, Box Step, Last Dance, Slow Circle",
        places="on the Floor, in Circles, in Three Steps, on Tiptoe",
    ),
    "sport": Theme(
        heard="gym workout sport football training boxing stadium marathon skateboard jogging soccer basketball",
        things="Finish Line, Second Wind, Starting Gun, Stopwatch, Home Run, Sprint, Floodlights, Warm Up, Extra Time!",
        places="on the Track, to the Finish, under Floodlights",
    ),
    "film": Theme(
        heard="movie film scene credits intro trailer cinema theatre montage vlog cartoon anime episode comedy stage"
        " opera youtube podcast stream drama",
        things="Opening Shot, End Credits, Curtain, Spotlight, Close Up!, Projector, Matinee, Backstage, Reel Two!",
        places="in Black and White, behind the Curtain, in the Front Row, on Screen",
    ),
    "circus": Theme(
        heard="circus clown clowns fairground carousel juggler acrobat silly funny comedy banana monkey vaudeville",
        things="Big Top, Juggler, Tightrope, Popcorn, Carousel, Trapeze, Ringmaster, Brass Buttons, Somersault",
        places="on the Tightrope, under the Big Top, in the Ring",
    ),
    "radio": Theme(
        heard="radio cassette vinyl tape record retro vintage nostalgia nostalgic memories memory photo childhood"
        " grandma grandpa yesterday",
        things="Old Radio, Cassette, Photo Album, Static, Long Wave, Record Sleeve, Attic Box, Snapshot, Slide Show",
        places="on the Radio, on Side B, in Sepia, on Rewind, in the Album",
    ),
    "home": Theme(
        heard="home kitchen room cozy cosy sofa window porch balcony door stairs roof house family mother mum dad"
        " sunday",
        things="Doorstep, Porch Swing, Window Seat, Armchair, House Keys, Front Garden, Kettle, Hallway, Curtains",
        places="by the Window, on the Porch, at Home, on a Sunday, down the Hall",
    ),
    "fire": Theme(
        heard="fire campfire candle candles fireplace flame flames burning camping bonfire hearth",
        things="Embers, Sparks, Hearth, Lantern, Kindling, Fireside, Candlelight, Ashes-, Matchstick",
        places="by the Hearth, round the Fire, in the Embers",
    ),
    "cat": Theme(
        heard="cat cats kitten kittens",
        things="Cat, Nine Lives, Paws, Whiskers, Window Cat, Ball of Wool, Rooftop Cat, Catnap",
        places="on the Sill, in the Sun, on Tiptoe, around the Corner",
    ),
    "dog": Theme(
        heard="dog dogs puppy",
        things="Old Dog, Muddy Paws, Long Walk, Wagging Tail+, Dog Days, Good Company!",
        places="in the Park, by the Door, on the Trail",
    ),
    "toys": Theme(
        heard="toy toys child children baby kids nursery playground doll cute teddy kindergarten",
        things="Music Box, Paper Crown, Wooden Horse, Marbles, Spinning Top, Crayons, Swings, Tin Soldier",
        places="on the Swings, in the Nursery, at Playtime",
    ),
    "rage": Theme(
        heard="angry rage mad furious scream screaming rebel rebellion riot crazy",
        things="Overdrive, Sparks, Feedback, Loose Wires, Red Light, Thunder, Live Wire, Sirens, Static",
        places="at Full Volume, against the Wall, in the Red",
    ),
    "polar": Theme(
        heard="whales arctic polar antarctica aurora iceberg northern",
        things="Northern Lights, Iceberg, Polar Light, White Silence, Drift, Compass, Long Winter",
        places="in the North, under the Aurora, beyond the Ice",
    ),
}

ADJECTIVES = {
    "calm dark": "Faded, Distant, Quiet, Lonely, Pale, Silent, Fading, Weary, Forgotten, Wistful, Hushed, Late, Dim",
    "calm plain": "Quiet, Slow, Distant, Gentle, Hushed, Little, Hidden, Familiar, Drifting, Simple, Patient, Still",
    "calm bright": "Gentle, Warm, Soft, Mellow, Tender, Golden, Drowsy, Cosy, Quiet, Sweet, Unhurried, Peaceful,"
    " Friendly",
    "wild dark": "Restless, Electric, Reckless, Wild, Stormy, Fierce, Relentless, Dark, Defiant, Feverish, Sleepless",
    "wild plain": "Restless, Electric, Quick, Sudden, Rolling, Loud, Roaming, Unruly, Bold, Swift, Rushing, Wild",
    "wild bright": "Bright, Merry, Shining, Lucky, Lively, Brilliant, Vivid, Jolly, Carefree, Sparkling, Dazzling,"
    " Bold",
}

NOUNS = {
    "lofi": "Lanterns, Window, Cassette, Balcony, Raindrops, Polaroid, Rooftop, Sweater, Subway, Notebook, Headphones,"
    " Bookshelf, Houseplant, Slippers, Stairwell, Vending Machine, Loose Change, Backpack",
    "classical": "Arabesque, Minuet, Romance, Pavane, Fountain, Gallery, Elegy-, Promenade, Garden, Miniature,"
    " Serenade,"
    " Divertimento+, Intermezzo, Portrait, Balustrade, Pavilion, Cameo, Variations",
    "ragtime": "Parade, Promenade, Clover, Magnolia, Pepper, Ramble, Pinwheel, Carousel, Parasol, Bowler Hat,"
    " Peppermint,"
    " Penny Arcade, Steamboat, Piano Roll, Riverboat, Gramophone, Top Hat, Boardwalk",
    "folk": "Meadow, River, Harvest, Hearth, Heather, Crossroads, Hillside, Miller, Orchard, Wayfarer, Lantern,"
    " Homestead,"
    " Turnpike, Blackbird, Hawthorn, Shepherd, Millstone, Ferryman",
    "rock": "Engine, Highway, Voltage, Horizon, Tower, Signal, Meteor, Avalanche-, Machine, Comet, Amplifier,"
    " Wildfire-,"
    " Backbeat, Ignition, Static, Thunder, Asphalt, Red Lights",
    "pop": "Heartbeat, Echo, Postcard, Skyline, Mirror, Weekend, Signal, Polaroid, Colours, Summer, Spotlight, Ribbon,"
    " Balcony, Phone Call, Paper Hearts, Daylight, Neon Sign, Parachute",
    "jazz": "Avenue, Lamplight, Corner Table, Trench Coat, Saxophone, Detour, Nightcap, Matchbook, Downtown, Taxi,"
    " Cufflinks,"
    " Back Room, Interlude, Turnaround, Lamp Post, Fedora, Afterthought, Ninth Street",
    "blues": "Crossroads, Freight Train, Back Porch, Riverbank, Whistle, Dust, Highway, Suitcase, Kitchen Light,"
    " Caboose, Delta,"
    " Front Step, Slow Train, Old Guitar, Gravel, Screen Door, Dry Well-, Long Road",
    "bossa": "Terrace, Seawall, Hammock, Parasol, Promenade, Postcard, Breeze, Balcony, Mango Tree, Sandals,"
    " Lagoon, Veranda,"
    " Tide, Guitar Case, Shutters, Hibiscus, Cobblestones, Afternoon",
    "chiptune": "Pixel, Level, Cartridge, Castle, Joystick, Power Up+, Maze, Sprite, High Score, Bonus Stage,"
    " Dungeon, Rocket,"
    " Potion, Checkpoint, Scanline, Treasure Map, Trapdoor, Coin",
    "ambient": "Horizon, Stillness, Drift, Glacier, Tide, Lichen, Snowfield, Orbit, Vapour, Afterglow, Reservoir,"
    " Estuary,"
    " Aurora, Sediment, Cloudbank, Driftwood, Breath, Far Shore",
    "synthwave": "Grid, Skyline, Afterglow, Highway, Neon, Mirage, Arcade, Chrome, Sunset, Hologram, Signal,"
    " Cassette, Vector,"
    " Boulevard, Night Drive, Headlights, Palm Trees, Freeway",
    "": "Echo, Mosaic, Journey, Window, Pattern, Harbour, Season, Mirror, Lantern, Pathway, Signal, Compass,"
    " Thread, Staircase",
}

FORMS = {
    "lofi": "Loop, Tape, Sketch, Session",
    "classical": "Prelude, Etude, Suite, Variations",
    "ragtime": "Rag, Two Step, Strut, Ramble",
    "folk": "Air, Song, Ballad, Tune",
    "rock": "Anthem, Riff, Drive, Hour",
    "pop": "Song, Radio, Club, Letters",
    "jazz": "Session, Swing, Stroll, Standard",
    "blues": "Blues, Shuffle, Stomp, Line",
    "bossa": "Bossa, Samba, Stroll, Afternoon",
    "chiptune": "Quest, Stage, Dash, Adventure",
    "ambient": "Study, Hours, Field, Cycle",
    "synthwave": "Drive, Theme, Cruise, Protocol",
    "": "Song, Theme, Study, Sketch",
}

OPENINGS = (
    "The Last-, After the, Before the, Beyond the, Back to the, Song for the, Notes from the, Hello to the+,"
    " Farewell to the-"
)
"""What may stand before a thing without an adjective."""

MOOD_WORDS = {
    "calm dark": "Wistful", "calm plain": "Quiet", "calm bright": "Gentle",
    "wild dark": "Restless", "wild plain": "Rolling", "wild bright": "Lively",
}  # fmt: skip
"""For titles that say mood, style and key alone."""

CLASHES = (
    ("Warm", "Snow Snowfall Frost Icicles Snowfield Glacier Iceberg Frozen Undertow"),
    ("Golden", "Rain Raindrops Drizzle Umbrella Puddles Storm Night Midnight Moon Fog"),
    ("Electric", "Chair Armchair Deckchair Candle Candles Lilies Cat Dog Embers Pond Water Tide Undertow Rain"),
    ("Soft", "Granite Anchor"),
    ("Dark", "Red Light Lights Lamplight Night Midnight Clouds Cat Horse Dog Shadows Candle Chapel Choir"),
    ("Loud", "Stillness Silence Hush Whistle Breath"),
    ("Quiet Silent Hushed", "Stillness Silence Hush Night Bells Whistle Thunder Sirens"),
    ("Still", "Stillness Drift Night Silence"),
    ("Late", "Early Morning Dawn Daybreak Sunrise First Last"),
    ("Sudden", "Old Long Slow"),
    ("Little", "Big Great Giant Death"),
    ("Sweet", "Salt Lilies"),
    ("Cosy", "Storm Thunder Attic Snow Frost Iceberg Chapel Lightning"),
    (
        "Fierce Sleepless Feverish Stormy",
        "Silence Candle Lullaby Pillow Lilies Blanket Quilt Music Swings Crayons Mobile",
    ),
    ("Bright Dazzling Shining", "Dim Dusk Midnight Night Fog Mist"),
    ("Merry Jolly Lucky Carefree", "Torches Ashes Storm Undertow Lightning Sirens Case Alibi Vigil Footprints"),
    ("Faded Fading", "Whistle Thunder First"),
    ("Lonely", "Two Dancers Crowd"),
    ("Last", "First Early Second Next"),
    ("Burning", "Tower House"),
    ("Slow Unhurried", "Quick Sprint Lightning"),
    ("Swift Quick Rushing", "Slow Long Old Still"),
    ("Second", "First Last"),
)
"""Words that must not meet in one title: they contradict each other, mean something else, or are a set phrase."""

SAD_WORDS = (
    "sad crying tears melancholy lonely funeral heartbreak grief sorrow gloomy mourning depressed goodbye died lost"
)
GLAD_WORDS = "happy cheerful joyful sunny merry joy upbeat fun party birthday celebration"
