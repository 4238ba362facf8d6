"""Words that look like a style's name and are none, and genres that have no style here.

In: nothing. Out: patterns over text in lower case. Conventions: a row names one thing that people mean instead of
music ("rock me to sleep", "mood swings"). Caveat: the list is what people were seen to type; it is never whole.
"""

from __future__ import annotations

import re

_GENRES = "|".join(
    (
        r"acid jazz|afrobeat|ambient|big band|blues|bluesy|bossa nova|bossa|chiptune|dance|disco|drum and bass",
        r"drum & bass|drum'?n'?bass|dnb|drill|dub|dubstep|edm|electro|electronic|electronica|eurodance|flamenco|funk",
        r"funky|gospel|hardstyle|hip[\s-]?hop|house|idm|industrial|jazz|jazzy|k-?pop|j-?pop|latin|mariachi|new age",
        r"phonk|pop|psytrance|rap|reggae|reggaeton|r&b|rnb|salsa|samba|ska|soul|swing|synthwave|synth-?pop|tango",
        r"techno|trance|trap|trip[\s-]?hop|vaporwave|world music|opera|polka|klezmer|bhangra|cumbia|hyperpop",
    )
)
OTHER_GENRE = re.compile(rf"(?<![\w-])(?:{_GENRES})(?![\w'])")

FALSE_FRIEND = re.compile(
    "|".join(
        (
            r"\brock(?:ing|in')?\s+(?:me|you|us|the (?:baby|boat)|bottom|to sleep|climbing|pool|chair|solid)\b",
            r"\brock\s+(?:candy|paper|garden|formation|star|salt|hard|face|music video)\b",
            r"\b(?:on the|moon|a|big|the) rocks\b",
            r"\brock[\s-]?a[\s-]?bye\w*",
            r"\b(?:hard|solid|steady) as (?:a )?rock\b",
            r"\b(?:rolling|like a|between a) (?:stones?|rock)\b",
            r"\bdwayne (?:the )?rock\b",
            r"\bthe rock johnson\b",
            r"\bfraggle rock\b",
            r"\b(?:red|black|wet|old) rag\b",
            r"\brag (?:doll|trade|and bone)\b",
            r"\bprelude to\b",
            r"\brags to riches\b",
            r"\bjig[\s-]?saws?\b",
            r"\breel to reel\b",
            r"\bfishing reels?\b",
            r"\boutrun(?:ning)? (?:the|my|your|a|his|her)\b",
            r"\bdaft punk\b",
            r"\btrap ?doors?\b",
            r"\bpop (?:quiz|tart|up|corn|art)s?\b",
            r"\bcountry(?:side| road| roads| house| of\b)",
            r"\b(?:my|a|the|our|foreign|another|third world) country\b",
            r"\bfilm reel\b",
            r"\bnews ?reel\b",
            r"\breel (?:me|in)\b",
            r"\bfolks?['\s]+(?:at|who|like|and i)\b",
            r"\breel it in\b",
            r"\bclassical (?:guitars?|conditioning|mechanics|physics|antiquity)\b",
            r"\bjazz (?:guitars?|kit|chords?|harmon(?:y|ies)|hands)\b",
            r"\b(?:all that|and all that) jazz\b",
            r"\b(?:heavy )?metal (?:door|gate|box|pipe|bowl|detector|scrap|gear|slug|sheet|fan|bar|roof)s?\b",
            r"\b(?:scrap|sheet|precious|rusty|liquid|full) metal\b",
            r"\bdrone (?:footage|shots?|video|strikes?|camera|race|flight)s?\b",
            r"\bswing(?:ing)? (?:sets?|by|bridge|door|states?|sixties|60s|for the fences|at|open|low sweet)\b",
            r"\bmood swings?\b",
            r"\b(?:golf|porch|tire|tyre|baseball|rope|playground) swings?\b",
            r"\b(?:a|the|old|on my) swing\b(?! (?:band|tune|song|beat))",
            r"\birish (?:coffee|setter|weather|sea)\b",
            r"\bscottish (?:terrier|weather)\b",
            r"\bthe blues brothers?\b(?! (?:style|type))",
            r"\b(?:have|having|got|feeling|feel|monday|winter|baby) the blues\b",
            r"\bst\.? louis blues hockey\b",
            r"\bhouse (?:party|cleaning|work|music box|on the|of|plants?|cat)\b",
            r"\b(?:my|the|a|our|haunted|empty|old|tree) house\b",
            r"\bsoul (?:mates?|searching)\b",
            r"\b(?:my|lonely|lost|old|your|the) souls?\b",
            r"\b(?:a|mouse|tourist|the|booby) trap\b",
            r"\b(?:slow|first|1st|last|wedding|school|barn|tap|lets|let's|rain|we|i|to|belly|snow) dance\b",
            r"\bdance (?:with|the night|floor|in the|around|like)\b",
        )
    )
)

NO_INSTRUMENT = re.compile(
    "|".join(
        (
            r"\b(?:no )?strings attached\b",
            r"\bpull(?:ing)? (?:some |the )?strings\b",
            r"\bbass (?:fishing|pro|boost(?:ed)?|player|guitarist)\b",
            r"\bdrop the (?:bass|beat)\b",
            r"\b(?:wolf |dog |train |dog's )?whistl(?:e|es) (?:while|at|for me|blower)\b",
            r"\b(?:train|wolf|dog|steam|referee) whistles?\b",
            r"\b(?:tape|voice|screen|video|flight) recorders?\b",
            r"\b(?:car|fog|air|bull|unicorn|truck) horns?\b|\bhorns? (?:of|on)\b",
            r"\b(?:school|alarm|wedding|door|jingle|cow|hell'?s|dumb|sleigh) ?bells\b",
            r"\b(?:launch|mouse|note|lily|touch|shoulder|knee|brake|crash|bachelor) ?pads?\b|\bpad thai\b",
            r"\bbrass (?:knuckles|monkey|tacks)\b",
            r"\borgan (?:donor|transplant|failure|donation)\b|\b(?:vital|internal) organs?\b",
            r"\bguitar hero\b|\bharp on\b|\bwind chimes\b|\bchimes in\b",
            r"\bdrums? up\b|\bviola davis\b|\b(?:heart|my|a|the) beat (?:of my|goes on)\b",
            r"\bhand ?pans?\b|\b(?:jaw|jew'?s) harps?\b|\bglass harmonicas?\b",
            r"\bconga lines?\b|\b(?:cocktail|salt|pepper|protein) shakers?\b|\bmovers and shakers\b",
            r"\bmelodeons? hall\b|\bconcertina (?:wire|door|file)s?\b",
        )
    )
)
"""Instruments that are none."""
