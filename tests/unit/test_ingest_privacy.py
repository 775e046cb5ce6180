"""No name, mail, phone or address passes the door; ids become pseudonyms that meet again."""

from __future__ import annotations

import stat
from datetime import date

import pytest
from fixtures.importing import stored, write

from core.errors import UserError
from core.ingest import import_files
from core.ingest.convert.pseudonyms import pseudonyms
from core.ingest.persons.column_names import KINDS, attribute_kind, personal_kind
from core.ingest.persons.column_values import GOODS, SALES, SINGLE_PERSONS, look
from core.ingest.persons.free_text import masked
from core.storage import duckdb as db


def everything(workspace) -> str:
    """All text in the warehouse."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        names = [n for (n,) in con.execute("select table_name from information_schema.tables").fetchall()]
        return " ".join(str(con.execute(f"select * from {n}").fetchall()) for n in names)


def test_customer_ids_become_pseudonyms_that_meet_across_files_and_imports(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(tmp_path, "customers.csv", "customer_id,tier\nalice-77,gold\n"),
            write(tmp_path, "orders.csv", "ordered_at,product_id,units,customer_id\n2024-03-01,A,1,alice-77\n"),
        ],
    )
    import_files(
        workspace, [write(tmp_path, "reviews.csv", "review_id,created_at,product_id,rating,customer_id\n1,2024-03-02,A,5,alice-77\n")]
    )
    assert "alice" not in everything(workspace)
    assert (
        len(
            {
                *stored(workspace, "select customer_id from customers"),
                *stored(workspace, "select customer_id from orders"),
                *stored(workspace, "select customer_id from reviews"),
            }
        )
        == 1
    )
    assert stat.S_IMODE((workspace.root / "privacy.key").stat().st_mode) == 0o600


def test_ids_that_went_through_floats_meet_the_others(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(tmp_path, "orders.csv", "ordered_at,product_id,units,customer_id\n2024-03-01,A,1,13085.0\n2024-03-02,A,1,\n"),
            write(tmp_path, "customers.csv", "customer_id,tier\n13085,gold\n"),
        ],
    )
    assert stored(workspace, "select count(*) from orders join customers using (customer_id)") == [(1,)]


def test_pseudonyms_differ_by_workspace_and_by_kind():
    assert pseudonyms(b"one", "customer", ["7"]) != pseudonyms(b"two", "customer", ["7"])
    assert pseudonyms(b"one", "customer", ["7"]) != pseudonyms(b"one", "visitor", ["7"])
    assert pseudonyms(b"one", "customer", ["7", "8"]) == pseudonyms(b"one", "customer", ["7"]) + pseudonyms(b"one", "customer", ["8"])


def test_columns_of_persons_are_not_read_as_attributes(workspace, tmp_path):
    text = "customer_id,name,email,phone,street,city contact,tier\n" + "".join(
        f"c{i},Ann {i},a{i}@example.org,+44 20 7946 0{i:03},Road {i},b{i}@example.org,gold\n" for i in range(9)
    )
    report = import_files(workspace, [write(tmp_path, "customers.csv", text)])
    assert stored(workspace, "select distinct attribute from customers") == [("tier",)]
    assert "example.org" not in everything(workspace) and "Ann" not in everything(workspace)
    assert report.files[0].outside.keys() == {"name", "email", "phone", "street", "city contact"}
    assert "Not imported, as personal data: name (names of people), email (e-mail addresses)" in str(report.text())


def test_a_list_of_persons_is_not_taken_for_a_list_of_products(workspace, tmp_path):
    with pytest.raises(UserError, match="Personal data"):
        import_files(workspace, [write(tmp_path, "export.csv", "id,name,email\n1,Ann Smith,a@example.org\n")])


def test_a_mapping_that_asks_for_personal_data_is_refused(workspace, tmp_path):
    mapping = write(tmp_path, "m.toml", '[customers]\ncustomer_id = "id"\nmail = "E-Mail"\n')
    with pytest.raises(UserError, match="E-Mail"):
        import_files(workspace, [write(tmp_path, "c.csv", "id,E-Mail\n1,a@example.org\n")], mapping=mapping)
    mapping = write(tmp_path, "m2.toml", '[customers]\ncustomer_id = "id"\nregion = "r"\n')
    with pytest.raises(UserError, match="e-mail addresses"):
        import_files(workspace, [write(tmp_path, "c2.csv", "id,r\n1,a@example.org\n")], mapping=mapping)


def test_all_mails_and_phones_in_reviews_and_searches_are_masked(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(
                tmp_path,
                "reviews.csv",
                "review_id,created_at,product_id,rating,title,body\n"
                "1,2024-03-02,A,5,x@y.org,Write to ann.smith@example.org or +44 20 7946 0958 or +44 20 7946 0959 (12.50 paid)\n",
            ),
            write(tmp_path, "events.csv", "occurred_at,product_id,kind,query\n2024-03-01 10:00,A,search_click,ann@example.org\n"),
        ],
    )
    assert stored(workspace, "select title, body from reviews") == [("[mail]", "Write to [mail] or [phone] or [phone] (12.50 paid)")]
    assert stored(workspace, "select query from events") == [("[mail]",)]


def test_quarantined_values_show_no_persons(workspace, tmp_path):
    import_files(
        workspace,
        [
            write(
                tmp_path,
                "orders.csv",
                "ordered_at,product_id,units,customer_id\n2024-03-01,A,ann@example.org,c1\n2024-03-01,A,1,ann@example.org,secret\n",
            ),
            write(tmp_path, "customers.csv", "customer_id,tier\n,gold\n"),
        ],
    )
    assert stored(workspace, "select value from quarantine order by file, line") == [(None,), ("[mail]",), (None,)]
    assert "secret" not in everything(workspace)


@pytest.mark.parametrize(
    "column",
    [
        "E-mail",
        "Customer Name",
        "first_name",
        "Billing Address",
        "Phone No.",
        "收货人姓名",
        "手机号",
        "联系电话",
        "邮箱",
        "Date of birth",
        "ShippingStreet",
    ],
)
def test_columns_of_persons_are_known_by_their_names(column):
    assert personal_kind(column)


@pytest.mark.parametrize(
    "column",
    ["product_name", "title", "country", "商品名称", "tier", "age_band", "channel", "item name", "category_name", "brand name", "상품이름"],
)
def test_columns_of_goods_are_not_taken_for_personal(column):
    assert not personal_kind(column)


# How customers' files of twelve languages call a place, a group, a birth date, a postal code, a name, a phone and an address.
CUSTOMERS_COLUMNS = {
    "en": ("Default Address City", "Customer Group", "Date of Birth", "Zip", "Last Name", "Mobile", "Address1"),
    "de": ("Wohnort", "Kundengruppe", "Geburtsdatum", "PLZ", "Nachname", "Telefon", "Straße"),
    "fr": ("Ville", "Groupe de clients", "Date de naissance", "Code postal", "Prénom", "Téléphone", "Adresse de livraison"),
    "es": ("Ciudad", "Grupo de cliente", "Fecha de nacimiento", "Código postal", "Apellidos", "Teléfono móvil", "Dirección"),
    "it": ("Città", "Gruppo clienti", "Data di nascita", "CAP", "Cognome", "Cellulare", "Indirizzo"),
    "pt": ("Cidade", "Nível", "Data de nascimento", "CEP", "Sobrenome", "Celular", "Endereço"),
    "nl": ("Woonplaats", "Klantgroep", "Geboortedatum", "Postcode", "Achternaam", "Telefoon", "Straat"),
    "pl": ("Miasto", "Grupa", "Data urodzenia", "Kod pocztowy", "Nazwisko", "Telefon", "Ulica"),
    "tr": ("Şehir", "Grup", "Doğum Tarihi", "Posta kodu", "Soyadı", "Telefon", "Adres"),
    "ru": ("Город", "Сегмент", "Дата рождения", "Почтовый индекс", "Фамилия", "Телефон", "Адрес"),
    "ja": ("都道府県", "会員ランク", "生年月日", "郵便番号", "氏名", "電話番号", "住所"),
    "ko": ("도시", "회원등급", "생년월일", "우편번호", "고객명", "휴대폰", "주소"),
    "zh": ("收货城市", "会员等级", "出生日期", "邮政编码", "姓名", "手机号", "收货地址"),
}


@pytest.mark.parametrize("language", CUSTOMERS_COLUMNS)
def test_attributes_and_personal_columns_are_known_in_every_language(language):
    columns = CUSTOMERS_COLUMNS[language]
    assert [attribute_kind(c) for c in columns] == ["place", "group", "birth", "postal_code", None, None, None]
    assert [personal_kind(c, about_people=True) for c in columns[4:]] == ["names", "phones", "addresses"]


def test_an_attribute_of_no_known_kind_stays_outside(workspace, tmp_path):
    text = "customer_id,tier,blood_type,notes\n" + "".join(f"c{i},gold,{'AB'[i % 2]},likes tea\n" for i in range(9))
    report = import_files(workspace, [write(tmp_path, "customers.csv", text)])
    assert stored(workspace, "select distinct attribute from customers") == [("tier",)]
    assert {c: str(what) for c, what in report.files[0].outside.items()} == {
        "blood_type": "no attribute that is stored of customers",
        "notes": "no attribute that is stored of customers",
    }


def test_ages_births_and_postal_codes_enter_as_bands_and_regions(workspace, tmp_path):
    year = date.today().year
    rows = f"c1,{year - 40}-01-01,53113\nc2,{year - 17}-06-30,SW1A 1AA\nc3,,1234 AB\nc4,{year - 90}-01-01,\n"
    import_files(workspace, [write(tmp_path, "customers.csv", "customer_id,birthday,postcode\n" + rows)])
    import_files(workspace, [write(tmp_path, "customers2.csv", "customer_id,Alter\nd1,34\nd2,50-64\nd3,Ann\n")])
    import_files(workspace, [write(tmp_path, "customers3.csv", f"customer_id,Geburtsjahr\ne1,{year - 30}\n")])
    assert stored(workspace, "select attribute, value from customers order by all") == [
        *(("age_band", band) for band in ("25-34", "25-34", "35-44", "50-64", "65+", "under 18")),
        *(("postal_region", region) for region in ("12", "53", "SW")),
    ]


def test_values_show_what_a_column_holds():
    assert look(["a@b.org", None, "c@d.com"]) == KINDS["mails"]
    assert look(["+44 20 7946 0958", "13812345678"]) == KINDS["phones"]
    assert look(["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"]) == KINDS["accounts"]
    assert look(["4111 1111 1111 1111", "5500000000000004"]) == KINDS["accounts"]
    assert look(["110101199003074578", "110101198001012219"]) == KINDS["identity"]
    assert look(["Ringweg 12", "Am Markt 3", "Hauptstr. 5"]) == KINDS["addresses"]
    assert look([f"{first} {last}" for first in ("Anna", "Paul", "Lena") for last in ("Horn", "Busch", "Vogt")]) == KINDS["names"]
    assert look(["李娜", "张芳", "王伟", "刘敏", "陈静", "杨洋", "赵磊", "黄勇"]) == KINDS["names"]
    assert look(["2024-03-05", "2024-03-06"]) is look(["4006381333931", "4006381333932"]) is look(["Bonn", "Kiel", "Ulm"]) is None
    assert look(["武汉", "常州", "金华", "石家庄", "上海", "北京", "高雄", "江门"], places=True) is None
    assert look([f"x{i}" for i in range(300)]) == SINGLE_PERSONS and look([f"x{i}" for i in range(300)], SALES) is None
    assert look(["gold", "silver"] * 200) is None
    assert look(["0123456789", "0123456788"], GOODS) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Call me: 0171 5500000 or +1 (555) 010-1234", "Call me: [phone] or [phone]"),
        ("加我微信 anna_88 或者打13812345678，谢谢", "加我微信 [handle] 或者打[phone]，谢谢"),
        ("insta: anna.smith, or @anna_smith", "insta: [handle], or [handle]"),
        ("paid 3 times with 4111 1111 1111 1111, refund to DE89370400440532013000", "paid 3 times with [card], refund to [iban]"),
        ("٠١٢٣٤٥٦٧٨٩٠", "[phone]"),
        ("mail a (at) b (dot) org", "mail [mail]"),
    ],
)
def test_what_reaches_or_bills_a_person_is_masked(text, left):
    assert masked(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Cable 500 ml, 2 x 100-200 mm, 12 V, 1000000 mAh",
        "EAN 4006381333931",
        "UPC 012345678905",
        "ISBN 978-3-16-148410-0",
        "order 112-1234567-1234567 of 2024-03-05 10:00",
        "Lights @ home, 2 @ 5.00",
        "1.234.567,89",
        "Sizes 36 37 38 39 40 41 42",
        "iPhone 14 Pro Max 256",
        "年货节 2024 1000000 件",
    ],
)
def test_sizes_dates_and_numbers_of_goods_survive(text):
    assert masked(text) == text == masked(text, of_goods=True)


@pytest.mark.parametrize("title", ["0123456789", "04465-33471", "13800000001", "4111111111111111", "Pad 04465-33471 for front"])
def test_numbers_of_articles_survive_in_titles(title):
    assert masked(title, of_goods=True) == title


def test_orders_numbered_by_a_phone_stay_as_many_orders(workspace, tmp_path):
    numbers = {"+44 20 7946 0958": 1, "+44 20 7946 0959": 2, "ann@example.org": 2, "1001": 1}
    lines = "order_number,date,sku,qty\n" + "".join(f"{number},2024-03-01,A,{units}\n" for number, units in numbers.items())
    import_files(workspace, [write(tmp_path, "orders.csv", lines)])
    assert stored(workspace, "select count(distinct order_id), sum(units) from orders") == [(4, 6)]
    assert "7946" not in everything(workspace) and "example.org" not in everything(workspace)
    assert stored(workspace, "select count(*) from orders where order_id = '1001'") == [(1,)]


def test_an_address_that_tells_customers_apart_is_kept_as_a_pseudonym_alone(workspace, tmp_path):
    orders = "order_date,sku,qty,Email\n2024-01-05,A,1,ann@example.org\n2024-01-06,A,2,ann@example.org\n2024-01-06,B,1,bob@example.org\n"
    import_files(workspace, [write(tmp_path, "orders.csv", orders)])
    assert stored(workspace, "select count(*), count(distinct customer_id) from orders") == [(3, 2)]
    assert "example.org" not in everything(workspace)


@pytest.mark.parametrize("columns", [(), ("orders.units = Menge",)])
def test_a_first_line_of_persons_is_not_quoted_in_a_refusal(workspace, tmp_path, columns):
    people = write(tmp_path, "people.csv", "77,Anna Horn,anna@example.org\n78,Paul Vogt,paul@example.org\n")
    with pytest.raises(UserError) as error:
        import_files(workspace, [people], columns=columns)
    assert "anna" not in str(error.value.message).lower() and "anna" not in str(error.value.ask).lower()
    assert "xxxx xxxx" in str(error.value.message)


def test_a_shifted_row_leaves_only_its_shape_in_the_quarantine(workspace, tmp_path):
    lines = "date,sku,qty,buyer name,born\n2024-03-01,A,Anna Horn,1,x\n"
    lines += "Ringweg 1,A,1,x,x\n1983-04-17,A,1,x,x\n2024-03-01,A,b12,x,x\n2024-03-01,A,2,x,x\n"
    import_files(workspace, [write(tmp_path, "orders.csv", lines)])
    assert stored(workspace, "select value from quarantine order by line") == [("xxxx xxxx",), ("xxxxxxx 9",), ("9999-99-99",), ("x99",)]


def test_persons_that_an_earlier_version_stored_go_with_the_next_import(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "customers.csv", "customer_id,tier,birthday\nc1,gold,1990-01-01\n")])
    with db.connect(workspace.warehouse) as con:
        for attribute, value in (("IBAN", "DE001234"), ("Geburtsdatum", "1990-01-01"), ("PLZ", "53113"), ("income", "35-49K")):
            con.execute("insert into customers values ('someone', $attribute, $value)", {"attribute": attribute, "value": value}).fetchall()
    report = import_files(workspace, [write(tmp_path, "orders.csv", "date,sku,qty\n2024-03-01,A,1\n")])
    assert "The customer attributes Geburtsdatum, IBAN, PLZ" in str(report.notes[0])
    assert [a for (a,) in stored(workspace, "select distinct attribute from customers order by 1")] == ["age_band", "income", "tier"]


def test_a_person_can_name_the_group_of_customers_and_no_personal_column(workspace, tmp_path):
    file = write(tmp_path, "customers.csv", "customer_id,abc,xyz\n" + "".join(f"c{i},{'AB'[i % 2]},p{i}@example.org\n" for i in range(9)))
    report = import_files(workspace, [file], columns=("customers.group = abc", "customers.channel = xyz"))
    assert stored(workspace, "select distinct attribute, value from customers order by all") == [("group", "A"), ("group", "B")]
    assert str(report.files[0].outside["xyz"]) == "e-mail addresses"
