"""The words for parts, materials, colours and places, in each language.

A word is known by its English form; what it may stand for decides whether a phrase is ambiguous, so
it errs on the wide side: bare steel may be called grey, a plated bolt may be called a steel bolt.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "ko")

# noun -> the kinds that it may mean; a kind's nouns go from general to particular
NOUNS: Mapping[str, tuple[str, ...]] = {
    "block": ("block",),
    "shaft": ("shaft", "stepped_shaft"),
    "plain shaft": ("shaft",),
    "stepped shaft": ("stepped_shaft",),
    "peg": ("peg",),
    "bushing": ("bushing",),
    "bracket": ("l_bracket",),
    "washer": ("washer",),
    "nut": ("hex_nut",),
    "bolt": ("hex_bolt",),
    "tray": ("tray",),
    "bin": ("bin",),
    "tote": ("tote",),
    "plate": ("hole_plate", "seam_plate"),
    "holder": ("peg_nest",),
    "bench": ("bench_top", "bench_frame"),
    "machine": ("machine_cabinet", "machine_body"),
    "panel": ("control_panel",),
    "tool cart": ("tool_cart",),
    "pallet": ("pallet",),
    "carton": ("crate", "shipping_carton"),
    "flap": ("carton_flap",),
    "conveyor": ("conveyor_frame", "conveyor_belt"),
    "belt": ("conveyor_belt",),
    "chute": ("chute",),
    "door": ("machine_door",),
    "button box": ("button_box",),
    "button": ("push_button",),
    "signal lamp": ("signal_lamp",),
    "vise": ("vise_base",),
    "chuck": ("chuck_body",),
    "jaw": ("vise_jaw", "chuck_jaw"),
    "camera stand": ("inspection_stand",),
    "nozzle wipe": ("nozzle_wipe",),
    "fence": ("guard_fence",),
    "cabinet": ("cable_box",),
    "sign": ("signboard",),
    "clamp": ("fixture_clamp",),
    "storage box": ("screw_box",),
    "cup": ("cup",),
}

# what a finish may be called, from general to particular; painted over it is only "painted"
FINISH_WORDS: Mapping[str, tuple[str, ...]] = {
    "brushed_steel": ("steel", "bright steel"),
    "zinc_plated": ("steel", "zinc-plated"),
    "black_oxide": ("steel", "black-oxide"),
    "machined_aluminium": ("aluminium", "bare aluminium"),
    "anodised": ("aluminium", "anodised"),
    "cast_iron": ("cast-iron",),
    "brass": ("brass",),
    "bronze": ("bronze",),
    "painted": ("painted",),
    "pom": ("plastic", "acetal"),
    "polypropylene": ("plastic", "polypropylene"),
    "acrylic": ("plastic", "acrylic"),
    "rubber": ("rubber",),
    "wood": ("wooden",),
    "cardboard": ("cardboard",),
    "concrete": ("concrete",),
    "ceramic": ("ceramic",),
}

# the colours that something unpainted of that finish may be called
BARE_COLOURS: Mapping[str, tuple[str, ...]] = {
    "brushed_steel": ("grey",),
    "zinc_plated": ("grey",),
    "machined_aluminium": ("grey", "white"),
    "anodised": ("blue",),
    "cast_iron": ("black", "grey"),
    "black_oxide": ("black",),
    "brass": ("yellow",),
    "bronze": ("orange",),
    "pom": ("white",),
    "polypropylene": ("blue",),
    "rubber": ("black",),
    "ceramic": ("white",),
    "painted": ("grey",),
    "wood": ("orange",),
    "cardboard": ("orange",),
}

# Korean for each word above; several where people use several
KOREAN: Mapping[str, tuple[str, ...]] = {
    "block": ("블록",),
    "shaft": ("축", "샤프트"),
    "plain shaft": ("민자 축",),
    "stepped shaft": ("단차 축",),
    "peg": ("핀",),
    "bushing": ("부싱",),
    "bracket": ("브래킷", "ㄱ자 브래킷"),
    "washer": ("와셔", "평와셔"),
    "nut": ("너트", "육각 너트"),
    "bolt": ("볼트", "육각 볼트"),
    "tray": ("트레이",),
    "bin": ("부품 상자",),
    "tote": ("토트",),
    "plate": ("플레이트",),
    "holder": ("홀더",),
    "bench": ("작업대",),
    "machine": ("공작 기계",),
    "panel": ("조작반",),
    "tool cart": ("공구 카트",),
    "pallet": ("팔레트",),
    "carton": ("종이 상자",),
    "flap": ("날개",),
    "conveyor": ("컨베이어",),
    "belt": ("벨트",),
    "chute": ("슈트",),
    "door": ("문",),
    "button box": ("버튼 박스",),
    "button": ("버튼",),
    "signal lamp": ("경광등",),
    "vise": ("바이스",),
    "chuck": ("척",),
    "jaw": ("조",),
    "camera stand": ("카메라 스탠드",),
    "nozzle wipe": ("노즐 닦개",),
    "fence": ("안전 펜스",),
    "cabinet": ("배전함",),
    "sign": ("표지판",),
    "clamp": ("클램프",),
    "storage box": ("보관함",),
    "cup": ("컵",),
    "steel": ("강철",),
    "bright steel": ("무도금 강철",),
    "zinc-plated": ("아연 도금",),
    "black-oxide": ("흑착색",),
    "aluminium": ("알루미늄",),
    "bare aluminium": ("무도색 알루미늄",),
    "anodised": ("아노다이징",),
    "cast-iron": ("주철",),
    "brass": ("황동",),
    "bronze": ("청동",),
    "painted": ("도장된",),
    "plastic": ("플라스틱",),
    "acetal": ("아세탈",),
    "polypropylene": ("폴리프로필렌",),
    "acrylic": ("아크릴",),
    "rubber": ("고무",),
    "wooden": ("나무",),
    "cardboard": ("골판지",),
    "concrete": ("콘크리트",),
    "ceramic": ("도자기",),
    "red": ("빨간색", "빨간"),
    "orange": ("주황색",),
    "yellow": ("노란색", "노란"),
    "green": ("초록색", "녹색"),
    "blue": ("파란색", "파란"),
    "purple": ("보라색",),
    "white": ("흰색", "하얀"),
    "grey": ("회색",),
    "black": ("검은색", "검은"),
}
# Other English words for the same thing.
ENGLISH: Mapping[str, tuple[str, ...]] = {
    "nut": ("nut", "hex nut"),
    "bolt": ("bolt", "hex bolt"),
    "bracket": ("bracket", "angle bracket"),
    "washer": ("washer", "flat washer"),
    "bushing": ("bushing", "bush"),
    "peg": ("peg", "pin"),
    "bin": ("bin", "parts bin"),
}

# relation -> (language -> pattern around the described thing); {thing} has no article yet
RELATIONS: Mapping[str, Mapping[str, str]] = {
    "leftmost": {"en": "leftmost {thing}", "ko": "가장 왼쪽에 있는 {thing}"},
    "rightmost": {"en": "rightmost {thing}", "ko": "가장 오른쪽에 있는 {thing}"},
    "nearest": {"en": "{thing} nearest to the robot", "ko": "로봇에 가장 가까운 {thing}"},
    "farthest": {"en": "{thing} farthest from the robot", "ko": "로봇에서 가장 먼 {thing}"},
    "largest": {"en": "largest {thing}", "ko": "가장 큰 {thing}"},
    "smallest": {"en": "smallest {thing}", "ko": "가장 작은 {thing}"},
    "in": {"en": "{thing} in {anchor}", "ko": "{anchor} 안에 있는 {thing}"},
    "next to": {"en": "{thing} next to {anchor}", "ko": "{anchor} 옆에 있는 {thing}"},
}


def say(word: str, lang: str, variant: int = 0) -> str:
    """A word of this lexicon in `lang`; `variant` turns among its synonyms."""
    known = KOREAN if lang == "ko" else ENGLISH
    forms = known.get(word, (word,))
    return forms[variant % len(forms)]


def nouns_of(kind: str) -> list[str]:
    """The nouns for a kind, general first; the kind's own name if there is none."""
    found = [noun for noun, kinds in NOUNS.items() if kind in kinds]
    return found or [kind.replace("_", " ")]
