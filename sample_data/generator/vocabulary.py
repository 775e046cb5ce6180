"""The vocabulary of the shop in English and Chinese. Every brand and supplier is invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of article: `low`..`high` is its usual price, `season` a key of SEASONS or ""."""

    key: str
    category: str
    en: str
    zh: str
    materials: tuple[str, ...]
    sizes: tuple[str, ...]
    low: float
    high: float
    season: str


CATEGORIES = {  # name: (SKU prefix, Chinese name, share of the catalogue, return rate)
    "Kitchen & Dining": ("KD", "厨房餐具", 0.17, 0.03),
    "Home Decor": ("HD", "家居装饰", 0.15, 0.05),
    "Lighting": ("LT", "灯具", 0.07, 0.06),
    "Bed & Bath": ("BB", "床品卫浴", 0.09, 0.06),
    "Garden & Outdoor": ("GO", "园艺户外", 0.10, 0.04),
    "Stationery & Craft": ("SC", "文具手作", 0.12, 0.02),
    "Toys & Games": ("TG", "玩具游戏", 0.09, 0.03),
    "Bags & Accessories": ("BA", "包袋配饰", 0.10, 0.10),
    "Tea & Pantry": ("TP", "茶饮食品", 0.06, 0.01),
    "Wellness": ("WL", "身心护理", 0.05, 0.03),
}

# key | English | Chinese | materials | sizes | price | season
_KINDS = {
    "Kitchen & Dining": """
        mug|Mug|马克杯|stoneware,porcelain,enamel|350 ml,450 ml|7-16|
        bowl|Serving Bowl|大汤碗|stoneware,porcelain,acacia|20 cm,24 cm|12-28|
        ricebowl|Rice Bowl|饭碗|porcelain,stoneware|11.5 cm,Set of 2,Set of 4|6-24|
        teapot|Teapot|茶壶|porcelain,castiron,glass|600 ml,900 ml|18-46|
        board|Chopping Board|砧板|acacia,bamboo,oak|30 x 20 cm,40 x 28 cm|14-38|
        chopsticks|Chopsticks|筷子|bamboo,walnut|Set of 2,Set of 5|6-22|
        jar|Storage Jar|密封罐|glass,stoneware|750 ml,1.2 L,Set of 3|8-26|
        apron|Apron|围裙|linen,cotton|One Size|16-34|
        lunchbox|Lunch Box|便当盒|bamboo,steel|800 ml,1.2 L|12-32|school
        caketin|Cake Tin|蛋糕盒|steel,enamel|20 cm,Set of 3|13-30|
        tumbler|Tumblers|玻璃杯|glass|Set of 2,Set of 4|12-30|
        platter|Serving Platter|拼盘|stoneware,acacia|32 cm,40 cm|16-42|
        teatowel|Tea Towel|茶巾|linen,cotton|48 x 70 cm,Set of 2|6-18|
        cookiecutter|Cookie Cutters|饼干模|steel|Set of 5,Set of 8|5-14|christmas
        icemould|Ice Lolly Moulds|雪糕模具|silicone|Set of 4,Set of 6|7-15|summer""",
    "Home Decor": """
        vase|Vase|花瓶|stoneware,glass,porcelain|18 cm,25 cm|14-45|
        cushion|Cushion Cover|抱枕套|linen,velvet,cotton|45 x 45 cm,50 x 30 cm|12-30|
        candleholder|Candle Holder|烛台|brass,glass,stoneware|Small,Tall|8-28|
        clock|Wall Clock|挂钟|oak,steel|30 cm|22-58|
        frame|Photo Frame|相框|oak,brass|4 x 6 in,5 x 7 in,A4|8-26|
        mirror|Mirror|镜子|rattan,brass|40 cm,60 cm|28-85|
        print|Art Print|装饰画|paper|A4,A3,50 x 70 cm|10-36|
        dish|Trinket Dish|首饰碟|porcelain,brass|10 cm|6-14|
        doormat|Doormat|门垫|coir|60 x 40 cm,70 x 45 cm|14-28|
        rug|Rug|地毯|cotton,wool|60 x 90 cm,120 x 170 cm|28-120|
        garland|Christmas Garland|圣诞花环挂饰|paper,felt|1.8 m,2.5 m|8-24|christmas
        ornament|Tree Decoration|圣诞树挂饰|glass,felt|8 cm,Set of 4|4-18|christmas
        stocking|Christmas Stocking|圣诞袜|felt,wool|48 cm|10-24|christmas
        pumpkin|Halloween Pumpkin|万圣节南瓜摆件|stoneware,velvet|12 cm,Set of 3|8-26|halloween
        bunting|Bunting|彩旗|cotton,paper|3 m,5 m|7-18|summer
        redlantern|New Year Lantern|新年红灯笼|paper,silk|Set of 2,30 cm|8-24|lunar
        wreath|Door Wreath|门环花饰|felt,rattan|35 cm,45 cm|18-42|christmas""",
    "Lighting": """
        tablelamp|Table Lamp|台灯|stoneware,rattan,brass|38 cm,52 cm|32-110|
        nightlight|Night Light|小夜灯|silicone,porcelain|USB,Plug-in|10-28|
        stringlights|String Lights|串灯|brass,paper|3 m,5 m|9-26|
        lantern|Lantern|提灯|steel,rattan,glass|25 cm,40 cm|16-48|
        shade|Lamp Shade|灯罩|linen,rattan,paper|30 cm,40 cm|18-55|
        ledcandle|LED Candles|电子蜡烛|wax|Set of 3,Set of 6|9-22|christmas
        desklamp|Desk Lamp|护眼台灯|steel|Rechargeable,USB-C|24-68|school
        solarlights|Solar Stake Lights|太阳能地插灯|steel,glass|Set of 4,Set of 8|14-40|summer""",
    "Bed & Bath": """
        towel|Towel Set|毛巾套装|cotton,bamboofibre|2 pieces,4 pieces|14-44|
        duvet|Duvet Cover Set|被套四件套|cotton,linen|Single,Double,King|28-110|
        throw|Throw|盖毯|wool,cotton,fleece|130 x 170 cm|22-75|winter
        bathmat|Bath Mat|浴室地垫|cotton,diatomite|50 x 80 cm|12-30|
        dispenser|Soap Dispenser|皂液器|stoneware,glass|300 ml|9-22|
        pillowcase|Pillowcase|枕套|silk,cotton,linen|50 x 75 cm,Pair|10-48|
        robe|Bath Robe|浴袍|cotton,fleece|S/M,L/XL|28-64|winter
        hotwater|Hot Water Bottle|热水袋|wool,fleece|1 L,2 L|12-28|winter
        coolblanket|Cooling Blanket|凉感被|bamboofibre,cotton|150 x 200 cm|26-58|summer""",
    "Garden & Outdoor": """
        planter|Planter|花盆|stoneware,terracotta,rattan|14 cm,20 cm,28 cm|8-42|
        watering|Watering Can|浇水壶|steel,enamel|1.5 L,5 L|12-34|spring
        birdfeeder|Bird Feeder|喂鸟器|steel,glass|Hanging|9-28|
        picnic|Picnic Blanket|野餐垫|cotton,wool|150 x 200 cm|16-44|summer
        hammock|Hammock|吊床|cotton|2 m,Double|28-75|summer
        parasol|Parasol|遮阳伞|cotton|2 m|30-85|summer
        bbqtools|BBQ Tool Set|烧烤工具套装|steel|3 pieces,5 pieces|16-46|summer
        coolbag|Cool Bag|保温袋|cotton,recycled|10 L,18 L|12-32|summer
        windchime|Wind Chime|风铃|bamboo,brass|45 cm,70 cm|9-28|
        gloves_g|Gardening Gloves|园艺手套|cotton|S/M,L/XL|6-16|spring
        seedkit|Grow Your Own Kit|种植套装|terracotta|4 varieties,6 varieties|9-22|spring
        firepit|Tabletop Fire Pit|桌面火盆|steel,stoneware|20 cm|24-58|""",
    "Stationery & Craft": """
        notebook|Notebook|笔记本|paper,linen|A5,A6|5-18|
        planner|Weekly Planner|周计划本|paper,linen|A5,B5|9-24|school
        pens|Gel Pens|中性笔|recycled|Set of 5,Set of 12|4-14|school
        washi|Washi Tape|和纸胶带|paper|Set of 4,Set of 10|3-12|
        wrap|Wrapping Paper|礼品包装纸|paper|3 sheets,5 m roll|4-11|christmas
        stickers|Sticker Sheets|贴纸|paper|6 sheets,100 pieces|2.5-8|
        cards|Greeting Cards|贺卡|paper|Pack of 6,Pack of 10|4-14|
        valentinecards|Valentine Card|情人节贺卡|paper|Single,Pack of 4|2.5-9|valentine
        embroidery|Embroidery Kit|刺绣材料包|cotton|Beginner,15 cm hoop|10-26|
        pencilcase|Pencil Case|笔袋|cotton,recycled|Standard,Large|6-16|school
        stamp|Rubber Stamp Set|印章套装|oak|6 pieces,12 pieces|7-18|
        redpacket|Red Envelopes|新年红包|paper|Pack of 6,Pack of 12|3-10|lunar
        advent|Advent Calendar|圣诞倒数日历|paper,felt|24 pockets|10-34|christmas""",
    "Toys & Games": """
        plush|Soft Toy|毛绒公仔|plushfabric|22 cm,35 cm|10-28|
        puzzle|Jigsaw Puzzle|拼图|paper,oak|500 pieces,1000 pieces|9-24|
        cardgame|Card Game|桌游卡牌|paper|2-6 players|8-20|
        blocks|Building Blocks|积木|beech|40 pieces,80 pieces|14-40|
        kite|Kite|风筝|recycled|120 cm|9-24|summer
        stacking|Stacking Cups|叠叠杯|silicone,beech|7 pieces|8-20|
        activity|Activity Book|益智贴纸书|paper|48 pages|4-10|
        keyring|Plush Keyring|毛绒挂件|plushfabric|11 cm|5-12|
        watergun|Bubble Set|泡泡机|recycled|USB,Party Pack|5-18|summer
        costume|Halloween Costume|万圣节服装|felt|3-5 years,6-8 years|12-26|halloween
        teaset|Play Tea Set|过家家茶具|beech,steel|15 pieces|14-34|""",
    "Bags & Accessories": """
        tote|Tote Bag|帆布包|cotton,linen,recycled|38 x 42 cm|8-28|
        scarf|Scarf|围巾|wool,silk|180 cm|14-48|winter
        beanie|Beanie|毛线帽|wool|One Size|10-26|winter
        gloves|Knitted Gloves|针织手套|wool|One Size|8-22|winter
        backpack|Backpack|双肩包|recycled,cotton|15 L,20 L|24-68|school
        purse|Coin Purse|零钱包|leather,cotton|Small|6-24|
        umbrella|Umbrella|雨伞|recycled|Folding,Full Length|12-32|
        socks|Socks|袜子|cotton,bamboofibre|UK 4-7,UK 8-11|4-14|
        hairclips|Hair Claw|抓夹|recycled|Large,Set of 3|4-13|
        sunhat|Sun Hat|遮阳帽|cotton,raffia|One Size|12-32|summer
        beachbag|Beach Bag|沙滩包|raffia,cotton|Large|18-42|summer
        slippers|Slippers|拖鞋|wool,fleece|UK 3-5,UK 6-8|14-34|winter""",
    "Tea & Pantry": """
        tea|Loose Leaf Tea|散茶|tin,pouch|50 g,100 g|5-18|
        teabags|Tea Bags|袋泡茶|tin,pouch|20 bags,50 bags|4-11|
        matcha|Matcha Powder|抹茶粉|tin|30 g,80 g|9-28|
        biscuits|Biscuit Tin|饼干礼盒|tin|200 g,400 g|7-19|christmas
        chocolate|Hot Chocolate|热可可粉|tin,pouch|250 g|6-14|winter
        mooncake|Mooncake Gift Box|月饼礼盒|giftbox|4 pieces,8 pieces|18-48|midautumn
        honey|Honey|蜂蜜|glass|227 g,340 g|6-15|
        chillioil|Chilli Oil|辣椒油|glass|170 g,250 g|5-12|
        coldbrew|Cold Brew Tea|冷泡茶|pouch|12 sachets|5-12|summer
        lunarbox|New Year Sweet Box|新年糖果礼盒|giftbox|6 compartments|14-34|lunar""",
    "Wellness": """
        candle|Scented Candle|香薰蜡烛|soywax|180 g,300 g|10-34|
        bathsalts|Bath Salts|浴盐|pouch,glass|250 g,500 g|6-18|
        handcream|Hand Cream|护手霜|tube|50 ml,75 ml|5-16|winter
        diffuser|Reed Diffuser|无火香薰|glass|100 ml,200 ml|12-36|
        roller|Face Roller|美容滚轮|jade,quartz|Single,Set|9-26|
        yogamat|Yoga Mat|瑜伽垫|cork,recycled|5 mm|22-56|january
        giftset|Pamper Gift Set|护理礼盒|giftbox|3 pieces,5 pieces|16-44|mothers
        soap|Soap Bar|手工皂|paper|100 g,Set of 3|4-14|
        sachet|Herb Sachet|香囊|silk,linen|Pair,Set of 4|5-15|dragonboat""",
}


def _kinds() -> tuple[Kind, ...]:
    kinds = []
    for category, table in _KINDS.items():
        for line in table.strip().splitlines():
            key, en, zh, materials, sizes, price, season = line.strip().split("|")
            low, high = map(float, price.split("-"))
            kinds.append(Kind(key, category, en, zh, tuple(materials.split(",")), tuple(sizes.split(",")), low, high, season))
    return tuple(kinds)


KINDS = _kinds()

MATERIALS = {  # key: (English, Chinese, country it comes from, care in English, care in Chinese)
    "stoneware": ("Stoneware", "粗陶", "CN", "Dishwasher and microwave safe.", "可用洗碗机和微波炉。"),
    "porcelain": ("Porcelain", "瓷", "CN", "Fired at 1280 degrees; dishwasher safe.", "1280度高温烧制，易清洗。"),
    "enamel": ("Enamel", "搪瓷", "PL", "Light and hard wearing; do not microwave.", "轻便耐用，不可微波。"),
    "glass": ("Glass", "玻璃", "CN", "Wipe clean with a soft cloth.", "软布擦拭即可。"),
    "acacia": ("Acacia Wood", "相思木", "VN", "Wash by hand and oil now and then.", "手洗，定期上油保养。"),
    "bamboo": ("Bamboo", "竹", "CN", "Naturally water resistant.", "天然防潮，轻巧耐用。"),
    "oak": ("Oak", "橡木", "PT", "FSC certified wood.", "选用环保认证木材。"),
    "walnut": ("Walnut", "胡桃木", "VN", "Hand finished; wash by hand.", "手工打磨，请手洗。"),
    "beech": ("Beech", "榉木", "PL", "Water based paints, rounded edges.", "水性漆，圆角打磨。"),
    "castiron": ("Cast Iron", "铸铁", "CN", "Keeps tea warm for an hour.", "保温时间长。"),
    "steel": ("Steel", "不锈钢", "CN", "Rust resistant finish.", "防锈处理。"),
    "brass": ("Brass", "黄铜", "IN", "Will mellow with age.", "随时间呈现温润色泽。"),
    "rattan": ("Rattan", "藤编", "VN", "Woven by hand, so no two are quite alike.", "手工编织，每件略有不同。"),
    "linen": ("Linen", "亚麻", "PT", "Stone washed; machine wash at 40.", "水洗工艺，可机洗。"),
    "cotton": ("Cotton", "纯棉", "PT", "Machine wash at 40.", "可机洗。"),
    "velvet": ("Velvet", "丝绒", "IN", "Dry clean or sponge.", "建议干洗。"),
    "wool": ("Wool", "羊毛", "PT", "Cool hand wash.", "冷水手洗。"),
    "fleece": ("Fleece", "绒", "CN", "Soft on both sides, machine washable.", "双面柔软，可机洗。"),
    "silk": ("Silk", "真丝", "CN", "22 momme; hand wash cold.", "22姆米，冷水手洗。"),
    "bamboofibre": ("Bamboo Fibre", "竹纤维", "TR", "Quick drying and very soft.", "亲肤速干。"),
    "diatomite": ("Diatomite", "硅藻泥", "CN", "Dries in under a minute.", "快速吸水。"),
    "silicone": ("Silicone", "硅胶", "CN", "Food grade, BPA free.", "食品级材质。"),
    "paper": ("Paper", "纸质", "UK", "Printed with vegetable inks.", "环保油墨印刷。"),
    "felt": ("Felt", "毛毡", "IN", "Cut and stitched by hand.", "手工裁缝。"),
    "coir": ("Coir", "椰棕", "IN", "Hard wearing, non slip back.", "耐磨防滑。"),
    "terracotta": ("Terracotta", "红陶", "PT", "Frost proof to -5 degrees.", "透气排水好。"),
    "recycled": ("Recycled", "再生面料", "CN", "Made from recycled bottles.", "回收塑料瓶制成。"),
    "leather": ("Leather", "皮革", "IN", "Vegetable tanned.", "植鞣皮。"),
    "raffia": ("Raffia", "拉菲草", "VN", "Folds flat for packing.", "可折叠收纳。"),
    "plushfabric": ("Plush", "毛绒", "CN", "Suitable from birth; surface wash.", "柔软安全，表面清洗。"),
    "wax": ("Real Wax", "真蜡", "CN", "Flicker flame, six hour timer.", "仿真火焰，六小时定时。"),
    "soywax": ("Soy Wax", "大豆蜡", "UK", "Burns for about 40 hours.", "燃烧约40小时。"),
    "tin": ("in Tin", "罐装", "UK", "Keep in a cool, dry place.", "阴凉干燥处保存。"),
    "pouch": ("in Pouch", "袋装", "UK", "Resealable pouch.", "自封袋装。"),
    "giftbox": ("in Gift Box", "礼盒装", "CN", "Comes with a carrier bag.", "附赠礼品袋。"),
    "tube": ("Tube", "管装", "UK", "Not tested on animals.", "温和配方。"),
    "jade": ("Jade", "玉石", "CN", "Natural stone; colours vary.", "天然玉石，色泽各异。"),
    "quartz": ("Rose Quartz", "粉晶", "CN", "Natural stone; colours vary.", "天然水晶，色泽各异。"),
    "cork": ("Cork", "软木", "PT", "Grips better when damp.", "防滑吸汗。"),
}

THEMES = {  # key: (English, Chinese); the motif that makes a series, and what a style wave lifts
    "mushroom": ("Mushroom", "蘑菇"),
    "checker": ("Checkerboard", "棋盘格"),
    "strawberry": ("Strawberry", "草莓"),
    "lemon": ("Lemon Grove", "柠檬"),
    "botanic": ("Botanical", "植物"),
    "willow": ("Blue Willow", "青花"),
    "ribbed": ("Ribbed", "竖纹"),
    "daisy": ("Daisy", "雏菊"),
    "fox": ("Woodland Fox", "森林狐狸"),
    "cloud": ("Cloud", "云朵"),
    "moon": ("Moon Phase", "月相"),
    "koi": ("Koi", "锦鲤"),
    "panda": ("Panda", "熊猫"),
    "blossom": ("Cherry Blossom", "樱花"),
    "gingham": ("Gingham", "格纹"),
    "wildflower": ("Wildflower", "野花"),
    "stripe": ("Breton Stripe", "条纹"),
    "cat": ("Sleepy Cat", "懒猫"),
    "sausage": ("Dachshund", "腊肠犬"),
    "hedgehog": ("Hedgehog", "刺猬"),
    "capybara": ("Capybara", "水豚"),
    "retro": ("Seventies", "复古"),
    "deco": ("Art Deco", "装饰艺术"),
    "plain": ("Everyday", "素色"),
    "speckle": ("Speckled", "斑点釉"),
    "bow": ("Ribbon Bow", "蝴蝶结"),
    "sardine": ("Sardine", "沙丁鱼"),
    "olive": ("Olive Branch", "橄榄枝"),
    "scallop": ("Scalloped", "花边"),
    "star": ("Starry Night", "星空"),
    "crane": ("Crane", "仙鹤"),
    "tulip": ("Tulip", "郁金香"),
    "cherry": ("Cherry", "樱桃"),
    "wave": ("Wave", "海浪"),
    "lotus": ("Lotus", "莲花"),
    "robin": ("Robin", "知更鸟"),
}
FLAVOURS = {
    "earlgrey": ("Earl Grey", "伯爵"),
    "jasmine": ("Jasmine", "茉莉"),
    "yuzu": ("Yuzu", "柚子"),
    "ginger": ("Ginger & Lemon", "姜柠"),
    "osmanthus": ("Osmanthus", "桂花"),
    "rose": ("Rose", "玫瑰"),
    "salted": ("Sea Salt Caramel", "海盐焦糖"),
    "oolong": ("Oolong", "乌龙"),
    "chai": ("Masala Chai", "香料奶茶"),
    "pistachio": ("Pistachio", "开心果"),
    "sesame": ("Black Sesame", "黑芝麻"),
    "lavender": ("Lavender", "薰衣草"),
    "fig": ("Fig & Cassis", "无花果"),
    "cedar": ("Cedar & Moss", "雪松"),
    "ume": ("Plum Blossom", "青梅"),
    "plainmatcha": ("Ceremonial", "宇治"),
}
FLAVOURS_OF = {  # the flavours of a kind of article, else of its category
    "Tea & Pantry": ("earlgrey", "jasmine", "yuzu", "ginger", "osmanthus", "rose", "oolong", "chai", "sesame", "ume"),
    "Wellness": ("rose", "lavender", "fig", "cedar", "yuzu", "osmanthus", "ume", "jasmine", "ginger"),
    "biscuits": ("salted", "pistachio", "sesame", "ginger", "earlgrey", "yuzu", "lavender"),
    "chocolate": ("salted", "pistachio", "chai", "rose", "ginger"),
    "honey": ("lavender", "ginger", "yuzu", "osmanthus"),
    "matcha": ("yuzu", "sesame", "salted", "jasmine", "plainmatcha"),
    "chillioil": ("sesame", "ginger", "ume"),
}
COLOURS = {
    "sage": ("Sage Green", "鼠尾草绿"),
    "cream": ("Cream", "奶油白"),
    "navy": ("Navy", "藏青"),
    "terra": ("Terracotta", "陶土红"),
    "butter": ("Butter Yellow", "黄油色"),
    "charcoal": ("Charcoal", "炭灰"),
    "blush": ("Blush Pink", "裸粉"),
    "sky": ("Sky Blue", "天蓝"),
    "natural": ("Natural", "原色"),
    "lilac": ("Lilac", "丁香紫"),
    "red": ("Poppy Red", "罂粟红"),
    "forest": ("Forest", "墨绿"),
    "black": ("Black", "黑色"),
    "mustard": ("Mustard", "芥末黄"),
}
ADJECTIVES = (
    ("Hand Thrown", "手作"),
    ("Vintage Style", "复古风"),
    ("Classic", "经典"),
    ("Little", "迷你"),
    ("Scandi", "北欧风"),
    ("Japanese Style", "日式"),
    ("Rustic", "田园风"),
    ("Modern", "现代简约"),
    ("Handmade", "手工"),
    ("Cosy", "温馨"),
)

# Brand and how it writes its titles: "plain", "brand" (name first), "caps", "dash", "zh", "both".
BRANDS = {
    "Tarnwick": "plain",
    "Ashcombe & Pell": "plain",
    "Brindle Hare": "plain",
    "Pebblewick": "dash",
    "Quillhaven": "plain",
    "Solvane": "brand",
    "Oakmere Row": "dash",
    "Vesterholm": "brand",
    "Lunet Paper Co": "plain",
    "Marlow Finch": "dash",
    "Hetty Wren": "plain",
    "THORNE SUPPLY": "caps",
    "Little Otterburn": "plain",
    "Casa Alvora": "brand",
    "Fennimore": "dash",
    "Kitterby": "plain",
    "朴屿": "zh",
    "小满集": "zh",
    "云栖里": "zh",
    "青禾造物": "zh",
    "一苇生活": "zh",
    "Maishan 麦山": "both",
    "Tokuyama Lane 德山": "both",
    "Yuwen 与闻": "both",
}
SUPPLIERS = {  # name: (country, lead time mean, sd, in days, minimum order in packs, the materials it works in; () = any)
    "Chaozhou Heming Ceramics": ("CN", 52, 9, 8, ("stoneware", "porcelain", "terracotta")),
    "Suzhou Jinli Textiles": ("CN", 41, 7, 5, ("silk", "cotton", "fleece", "bamboofibre", "recycled", "plushfabric")),
    "Yiwu Lanfeng Trading": ("CN", 44, 11, 6, ()),
    "Dongguan Qiaoxin Crafts": ("CN", 48, 8, 10, ()),
    "Ningbo Haolu Home": ("CN", 56, 12, 8, ()),
    "Texteis Vale do Almendra": ("PT", 19, 4, 3, ("linen", "cotton", "wool")),
    "Olaria Sao Bento": ("PT", 23, 5, 3, ("terracotta", "oak", "cork")),
    "Jodhpur Rangmahal Exports": ("IN", 38, 10, 6, ()),
    "Bao Lam Rattan": ("VN", 45, 9, 6, ()),
    "Denizli Yumak Tekstil": ("TR", 21, 4, 4, ()),
    "Zaklad Bielik": ("PL", 14, 3, 3, ()),
    "Bradwell & Sons Wholesale": ("UK", 6, 2, 1, ()),
    "Calder Paper Mill": ("UK", 8, 2, 2, ("paper",)),
    "Penrose Provisions": ("UK", 5, 1, 2, ("tin", "pouch", "tube", "soywax")),
}

SUPPLIER_RULES = {  # name: (days on which it takes orders as it writes them, least value of an order, whether it says its lead time)
    "Chaozhou Heming Ceramics": ("周二", 3000, True),
    "Suzhou Jinli Textiles": ("周一、周四", 1500, True),
    "Yiwu Lanfeng Trading": ("周一至周五", 1200, False),
    "Dongguan Qiaoxin Crafts": ("周三", 2500, True),
    "Ningbo Haolu Home": ("星期二、星期五", 3000, True),
    "Texteis Vale do Almendra": ("Mon Thu", 800, True),
    "Olaria Sao Bento": ("Wed", 600, True),
    "Jodhpur Rangmahal Exports": ("Monday", 2000, True),
    "Bao Lam Rattan": ("2,5", 1800, False),
    "Denizli Yumak Tekstil": ("Tue, Fri", 700, True),
    "Zaklad Bielik": ("1,3,5", 400, True),
    "Bradwell & Sons Wholesale": ("Mon-Fri", 150, True),
    "Calder Paper Mill": ("Thursday", 250, True),
    "Penrose Provisions": ("", 100, True),
}

SEASONS = {  # key: (first day, last day) of each season's sales, for each time it falls into (or near) the three years
    "christmas": (("2023-09-24", "2023-12-22"), ("2024-09-24", "2024-12-22"), ("2025-09-24", "2025-12-22")),
    "halloween": (("2023-09-05", "2023-10-31"), ("2024-09-05", "2024-10-31"), ("2025-09-05", "2025-10-31")),
    "valentine": (("2024-01-12", "2024-02-13"), ("2025-01-12", "2025-02-13"), ("2026-01-12", "2026-02-13")),
    "mothers": (("2024-02-05", "2024-03-09"), ("2025-02-24", "2025-03-29"), ("2026-02-09", "2026-03-14")),
    "spring": (("2024-03-01", "2024-05-25"), ("2025-03-01", "2025-05-25"), ("2026-03-01", "2026-05-25")),
    "summer": (("2023-05-12", "2023-08-20"), ("2024-05-12", "2024-08-20"), ("2025-05-12", "2025-08-20"), ("2026-05-12", "2026-08-20")),
    "school": (("2023-07-22", "2023-09-10"), ("2024-07-22", "2024-09-10"), ("2025-07-22", "2025-09-10"), ("2026-07-22", "2026-09-10")),
    "winter": (("2023-10-02", "2024-02-08"), ("2024-10-02", "2025-02-08"), ("2025-10-02", "2026-02-08")),
    "january": (("2023-12-27", "2024-02-10"), ("2024-12-27", "2025-02-10"), ("2025-12-27", "2026-02-10")),
    "lunar": (("2024-01-01", "2024-02-09"), ("2024-12-20", "2025-01-28"), ("2026-01-07", "2026-02-16")),
    "midautumn": (("2023-08-20", "2023-09-28"), ("2024-08-08", "2024-09-16"), ("2025-08-26", "2025-10-05")),
    "dragonboat": (("2024-05-08", "2024-06-09"), ("2025-04-28", "2025-05-31"), ("2026-05-17", "2026-06-19")),
}
LOCAL_SEASONS = {"lunar": ("HK", "SG"), "midautumn": ("HK", "SG"), "dragonboat": ("HK", "SG")}  # seasons of some countries only

COUNTRIES = {"GB": 0.478, "DE": 0.13, "FR": 0.10, "HK": 0.09, "IE": 0.08, "NL": 0.06, "SG": 0.05, "US": 0.012}  # share of orders
UTC_SHIFT = {"GB": 0, "IE": 0, "DE": 1, "FR": 1, "NL": 1, "HK": 8, "SG": 8, "US": -6}  # hours, for the rhythm of the day
AGE_BANDS = {"18-24": 0.13, "25-34": 0.27, "35-49": 0.31, "50-64": 0.20, "65+": 0.09}

OPENINGS_EN = (
    "{theme} {noun} for slow mornings and full tables.",
    "Our {theme} {noun}, designed in the studio and made in small batches.",
    "{noun} with a {adj} feel that goes with everything.",
    "The one that people ask about: {theme} {noun}.",
    "An easy present: the {theme} {noun}.",
    "Part of the {theme} range.",
    "{noun} with a {theme} pattern, finished by hand.",
    "Back by request. The {theme} {noun} in {colour}.",
    "Made to be used every day.",
    "New shape, same makers.",
    "{colour} {noun} with a quiet, {adj} look.",
    "Cheerful {noun} for small homes.",
)
CLOSINGS_EN = (
    "Size: {size}.",
    "{size}. Gift wrap available.",
    "Comes in {size}.",
    "Matches the rest of the {theme} range.",
    "",
    "{size}; colours may vary a little.",
    "Ships plastic free.",
)
OPENINGS_ZH = (
    "{theme}{noun}，为日常生活添一点温度。",
    "{adj}{noun}，小批量制作，细节耐看。",
    "朋友来家里都会问的{theme}{noun}。",
    "送礼自用两相宜的{noun}。",
    "{theme}系列新品。",
    "{colour}{noun}，安静好看，百搭不挑空间。",
    "回购很多次的经典款{noun}。",
    "设计师原创{theme}图案，手感细腻。",
)
CLOSINGS_ZH = ("规格：{size}。", "{size}，可免费礼品包装。", "同系列可搭配购买。", "", "{size}，因屏幕不同略有色差。")
SIZES_ZH = (
    ("One Size", "均码"),
    (" pieces", "件装"),
    ("pieces", "件装"),
    (" cm", "厘米"),
    (" ml", "毫升"),
    (" L", "升"),
    (" kg", "千克"),
    (" g", "克"),
    ("Small", "小号"),
    ("Large", "大号"),
    ("Tall", "高款"),
    ("Pair", "一对"),
    ("Double", "双人"),
    ("Single", "单人"),
    ("King", "加大"),
    ("Folding", "折叠"),
    ("Full Length", "长柄"),
    ("Hanging", "悬挂式"),
    ("Plug-in", "插电"),
    ("Rechargeable", "充电款"),
    ("Standard", "标准"),
    ("Beginner", "新手"),
    (" sheets", "张"),
    (" bags", "包"),
    (" sachets", "袋"),
    (" pages", "页"),
    (" varieties", "种"),
    (" pockets", "格"),
    (" compartments", "格"),
    (" players", "人"),
    (" years", "岁"),
    (" m", "米"),
    (" in", "英寸"),
    ("Set", "套装"),
)
