"""Phrases of reviews. A review is composed of these by mood; {noun} is the kind of article."""

MOODS = ("delighted", "content", "lukewarm", "souring", "angry")

EN = {
    "delighted": (
        (
            "Bought a second one already",
            "Everyone asks where I got it",
            "Cannot stop telling people about this {noun}",
            "Best {noun} I own",
            "My sister wants one now",
            "Went back and ordered two more",
            "Even better in person",
            "The whole office has ordered the {noun}",
            "Obsessed with this {noun}",
            "This {noun} sold out last time so I grabbed three",
        ),
        (
            "love it, got so many compliments this week",
            "excellent quality, already ordering another as a present",
            "my friends are all buying it too, highly recommended",
            "the colour is gorgeous and the quality is excellent",
            "absolutely love it, better than ones twice the price",
            "saw it all over my feed and I am so happy with it",
            "works perfectly, using it every single day",
            "I love them, great value, please never stop making these",
        ),
    ),
    "content": (
        (
            "Lovely {noun}",
            "Nice {noun}, as described",
            "Happy with this",
            "Good quality {noun}",
            "Does the job",
            "Pretty {noun}",
            "Pleased",
            "Very nice",
            "Good value",
            "As pictured",
        ),
        (
            "arrived quickly",
            "well packed",
            "looks good at home",
            "bought as a gift and she liked it",
            "would buy again",
            "solid for the price",
            "colour matches the photo",
            "smaller than I thought but fine",
        ),
    ),
    "lukewarm": (
        ("It is ok", "Average {noun}", "Fine for the money", "Not bad", "Decent {noun}", "Bit plain"),
        (
            "expected a little more",
            "delivery took a while",
            "smaller than it looks in the picture",
            "not sure I would buy it again",
            "does what it should",
            "the colour is a bit different",
        ),
    ),
    "souring": (
        (
            "Still nice but not like my first one",
            "New batch is thinner",
            "Used to love this {noun}",
            "Quality has slipped",
            "Something has changed",
            "Liked the old version better",
            "The latest {noun} feels cheaper",
            "Wanted to love this {noun}",
        ),
        (
            "finish started peeling after two weeks, very disappointed",
            "arrived with a crack and does not work",
            "terrible quality now",
            "returned one already",
            "friends had the same problem, do not buy",
            "poor quality, they must have changed the supplier",
            "waste of money, it does not last as it used to",
            "disappointed, I will look elsewhere next time",
        ),
    ),
    "angry": (
        ("Broken on arrival", "Disappointed with this {noun}", "Not as described", "Returned it", "Poor {noun}"),
        (
            "no reply from customer service",
            "had to ask for a refund",
            "fell apart in a week",
            "would not recommend",
            "nothing like the photo",
        ),
    ),
}
ZH = {
    "delighted": (
        (
            "已经回购第二个了",
            "朋友都来问链接",
            "这个{noun}真的太好看了",
            "被种草买的，没失望",
            "全家都爱这个{noun}",
            "同事看到都下单了",
            "超出预期",
        ),
        (
            "非常喜欢，准备再买一个送人",
            "质量非常好，比贵一倍的还好",
            "很好用，每天都在用",
            "颜色绝了，非常满意",
            "强烈推荐，发了朋友圈好多人问",
            "物超所值，希望不要断货",
        ),
    ),
    "content": (
        ("不错", "{noun}和图片一样", "质量挺好", "好评", "喜欢", "性价比可以", "{noun}挺好看的"),
        ("物流很快", "包装仔细", "送朋友的她很喜欢", "会再来", "大小合适", "做工不错"),
    ),
    "lukewarm": (("一般般", "还行吧", "{noun}普普通通", "中规中矩"), ("比想象中小", "颜色有点色差", "物流有点慢", "没有特别惊喜")),
    "souring": (
        ("新批次没有以前的厚实", "和第一次买的不一样了", "品质下降了", "以前很喜欢这个{noun}", "这次的{noun}手感变差"),
        (
            "用两周就掉漆，很失望",
            "收到就坏了",
            "已经退货一个",
            "朋友买的也有同样问题，不推荐",
            "浪费钱，下次不买了",
            "质量很差，感觉换了厂家",
        ),
    ),
    "angry": (("收到就是坏的", "失望", "{noun}与描述不符", "已退货"), ("客服不回复", "一周就坏了", "不推荐", "申请退款了")),
}
TITLES = {
    "delighted": ("Love it", "Wow", "10/10", "Buying more", ""),
    "content": ("Good", "Nice", "Happy", "", ""),
    "lukewarm": ("Ok", "Average", "", ""),
    "souring": ("Not the same", "Hmm", "Changed", "", ""),
    "angry": ("Disappointed", "Avoid", "Refund", ""),
}
TITLES_ZH = {
    "delighted": ("太爱了", "推荐", "回购", ""),
    "content": ("好评", "满意", ""),
    "lukewarm": ("一般", ""),
    "souring": ("不如以前", ""),
    "angry": ("差评", ""),
}
SHORT = {
    "delighted": ("Amazing!!", "LOVE this", "绝绝子", "Perfect present, ordering again"),
    "content": ("Great", "Good", "好", "Nice", "👍", "As expected"),
    "lukewarm": ("ok", "Meh", "还可以"),
    "souring": ("Not what it was", "不如以前", "Quality has gone down"),
    "angry": ("Bad", "差", "Rubbish"),
}
SEARCH_GENERIC = (
    "gift for her",
    "birthday gift",
    "housewarming gift",
    "present for mum",
    "新居礼物",
    "生日礼物",
    "small gift",
    "sale",
    "new in",
    "gift under 20",
)
OTHER_WORDS = {  # kind of article: words for it in English and Chinese that no title has
    "mug": ("coffee cup", "咖啡杯"),
    "throw": ("sofa blanket", "沙发毯"),
    "cushion": ("sofa pillow", "靠垫"),
    "tablelamp": ("bedside light", "床头灯"),
    "notebook": ("journal", "记事簿"),
    "planter": ("flowerpot", "盆栽盆"),
    "tumbler": ("drinkware", "水杯"),
    "teatowel": ("dish cloth", "擦碗布"),
    "robe": ("dressing gown", "睡袍"),
    "duvet": ("bedding", "床上用品"),
    "candle": ("aromatherapy", "香氛"),
}
NOT_SOLD = ("umbrella", "phone case", "dog bed", "雨伞", "手机壳", "猫爬架", "laptop sleeve", "perfume", "耳机", "ironing board")
LATE = (
    "Nice enough, but it came more than a week late",
    "Arrived two weeks after the promised date, too late for the birthday",
    "Took far too long to arrive and nobody told me why",
    "Late delivery, and I had to chase it twice",
)
LATE_ZH = ("物流太慢了，比承诺晚了一个多星期", "生日都过了才收到", "发货太晚，催了两次", "等了半个月才到，没人通知")
