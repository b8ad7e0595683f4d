# ruff: noqa: RUF001 - characters of other keyboards are part of what is tested here
"""Texts with their personal data marked by hand as «kind:value», and texts that hold none.

Numbers that pass as somebody's are made up; those that are kept free for examples are marked as
nothing, since they can be nobody's.
"""

import re
from dataclasses import dataclass

MARK = re.compile(r"«([a-z_]+):([^»]*)»")


@dataclass(frozen=True)
class Case:
    text: str
    places: tuple[tuple[int, int, str], ...]


def read(marked: str) -> Case:
    """The text without its marks, and where they were."""
    text, places, end = "", [], 0
    for mark in MARK.finditer(marked):
        text += marked[end : mark.start()]
        places.append((len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        end = mark.end()
    return Case(text + marked[end:], tuple(places))


POSITIVE = """
Write to «email:anna.schmidt@web.de» please.
My address is «email:j.o'neil+shop@mail.co.uk», thanks
EMAIL:«email:MARIA_GARCIA1980@GMAIL.COM»
<«email:pierre-yves.dupont@orange.fr»> wrote
Kontakt: «email:m.mueller@bücher-ecke.de»!
请联系 «email:wang.wei@qq.com»。
почта «email:ivan.petrov@yandex.ru», спасибо
(«email:t.baker99@hotmail.com»)
mailto:«email:lena@posteo.net»?subject=hi
Both «email:a.b@firma.at» and «email:c.d@firma.at» are mine.
I paid with «email:kofi.mensah@yahoo.com».
log in at «login:https://anna:geheim@shop.kaufhaus.de»/orders
git remote «login:https://jdoe42@bitbucket.org»/jdoe42/x.git
ftp «login:ftp://bob:pw@files.acme.io:21»/in
Call me at «phone:+1 415 867 2291».
Call «phone:(415) 867-2291» or «phone:415-867-2291» after six
my number is «phone:415.867.2291» ok?
«phone:1-650-253-0417» is my work line
Mein Handy: «phone:+49 170 2849961»
ruf mich unter «phone:0170 2849961» an
Tel. «phone:030/48839912»
Telefon «phone:(030) 488 39 912»
Büro «phone:089 - 5519 8823»
erreichbar: «phone:+49 (0)89 5519-8823»
My mobile is «phone:07911 483920»
ring me on «phone:07911483920» please
office «phone:020 7183 4492»
«phone:+44 20 7183 4492» is the landline
Leeds «phone:(0113) 243 1881»
mon portable : «phone:06 84 21 97 35»
appelez-moi au «phone:06.84.21.97.35»
tél. «phone:0684219735»
«phone:+33 6 84 21 97 35»
«phone:0033 6 84 21 97 35»
móvil «phone:612 847 291»
mi teléfono es «phone:612847291»
«phone:+34 612 84 72 91»
cell. «phone:347 812 4471» chiamami
cellulare: «phone:3478124471»
«phone:+39 347 812 4471»
WhatsApp «phone:+55 11 98472-1163»
celular 	«phone:(11) 98472-1163»
телефон: «phone:+7 916 284-77-15»
тел. «phone:8 916 284-77-15»
電話：«phone:03-4482-7719»
電話番号は«phone:090-4482-7719»です
手机号码：«phone:13847291163»
हमारा फ़ोन «phone:+91 98472 11639»
phone «phone:98472 11639» (India)
\u202a«phone:+1 (206) 883-4417»\u202c is from my contacts
mobile number 	«phone:4158672291»
text me at «phone:415 867 2291» thx
my card «card:4539 1488 0343 6467» was declined
card «card:4539148803436467» exp 04/27
«card:4539-1488-0343-6467»
Mastercard «card:5425 2334 3010 9903» cvv 123
amex «card:3742 451001 77004» hmm
amex number «card:374245100177004»
Discover «card:6011 5564 4857 8943»
2-series «card:2221 0000 0000 0009»
Karte Nr. «card:4916338506082832» gesperrt
ma carte «card:4532 0151 1283 0366» est bloquée
IBAN «iban:DE44 5001 0517 5407 3249 31»
«iban:DE44500105175407324931» ist mein Konto
iban: «iban:de44 5001 0517 5407 3249 31» danke
pay to «iban:GB98 MIDL 0700 9312 3456 78» today
«iban:FR76 3000 6000 0112 3456 7890 189» BIC AGRIFRPP
cuenta «iban:ES79 2100 0813 6101 2345 6789»
«iban:NL02ABNA0123456789»
«iban:CH56 0483 5012 3456 7800 9», Zürich
«iban:IT33 X054 2811 1010 0000 0123 457» no
My account number is «account:12345678».
account no. «account:0048 1173 92»
acct: see account #«account:4471882»
customer id «account:C-48213»
Customer ID: «account:884213»
customer number «account:99182-44»
member ID is «account:AB1234567»
my membership number «account:4471 8820»
user id=«account:5518234»
policy number «account:HX-2291834»
patient ID «account:0099182»
employee no «account:77182»
Kundennummer «account:4711223»
meine Kundennr. «account:4711223» lautet
Kontonummer: «account:0532013477»
Mitgliedsnummer «account:M-20481»
numéro de client «account:884213»
numéro client : «account:884213»
numéro de compte «account:00118842137»
número de cuenta «account:4471882013»
número de cliente: «account:88421»
codice cliente «account:884213»
klantnummer «account:884213»
rekeningnummer «account:4471882»
SSN «national_id:536-22-8146»
my social security number is «national_id:536-22-8146»
ssn: «national_id:536228146»
passport number «national_id:512384712»
passport no. «national_id:C01X0006H»
Reisepass Nr. «national_id:C01X00T47»
Passport: «national_id:AB1234567»
National Insurance number «national_id:AB 12 34 56 C»
NINO «national_id:QQ123456C»
Steuer-ID «national_id:86 095 742 719»
Steueridentifikationsnummer: «national_id:86095742719»
Personalausweis «national_id:T220001293»
DNI «national_id:12345678Z»
mi NIE es «national_id:X1234567L»
numéro de sécurité sociale «national_id:2 69 05 49 588 157 80»
passeport n° «national_id:12AB34567»
codice fiscale «national_id:RSSMRA85T10A562S»
CPF «national_id:529.982.247-25»
driver's license «national_id:D1234567»
driving licence number «national_id:MORGA657054SM9IJ»
NHS number «national_id:943 476 5919»
my IP is «ip:84.119.23.7»
login from «ip:91.64.208.133» and «ip:2a02:8109:9d40:1c20::7»
ip=«ip:203.7.113.9»
I live at «address:221B Baker Street», London
ship to «address:1437 Maple Avenue», Springfield
«address:1600 Pennsylvania Ave» NW
«address:12 N. Main St», Apt 4
moved to «address:45 West 23rd Street» last week
«address:7 The Old Mill Lane»
my address: «address:42 oxford street» london
Lieferung an «address:Lindenstraße 12a», 10969 Berlin
«address:Hauptstr. 7», 80331 München
«address:Berliner Straße 114»
«address:Am Markt 3», 28195 Bremen
«address:Schillerplatz 4»
j'habite «address:12 rue de la Paix», 75002 Paris
«address:12 bis, avenue Victor Hugo» à Lyon
«address:8 boulevard Saint-Michel»
vivo en «address:Calle Mayor 5», 2º B
«address:Avenida de la Constitución, 18»
abito in «address:Via Roma, 12»
«address:Rua Augusta 100», São Paulo
«address:Keizersgracht 174», Amsterdam
«address:P.O. Box 4471», Dover
«address:Postfach 10 20 30»
Reach me: «email:eva.novak@seznam.cz», «phone:+420 602 884 417», «address:Lange Gasse 9» Wien.
"""

NEGATIVE = """
order number 4839201
Order #884213 has not arrived
my order 114-8847213-2291837 is late
ORD-2023-000123
Bestellnummer 4711223344
Bestellung 0170 2849961
commande n° 0684219735
pedido 612847291
invoice INV-2024-00871
Rechnungsnummer 2024/00871
tracking number 1Z999AA10123456784
tracking 4539148803436467
parcel 00340434161094042557
ticket 20231105
case 00918274
transaction id 8842137719
receipt no. 884 213 771
ref: 2024-11-0381
I was charged $1,234.56 twice
$49.99
costs 12 345 678 €
1.234.567,89 EUR
£89.99 back
paid 4000 in cash
the balance is 1234567890 dollars
account balance 12,500.00
my account is 200 in the red
account: 12500.00 EUR
account 2 of 3
my account since 2019
customer since 20190412
members in 2021-2022
on 3 March 2024
2024-03-05
05/11/2023
05.11.2023
11-05-2023
05.11.2023 10:30
01-02-2023 10:30
2023-11-05T10:11:12Z
20231105
2023-11-05 10.30-12.45
from 08:00-12:00
09:30
08.30-12.45
1999-2004
between 1914 and 1918
born in 1980
version 1.2.3.4
v10.0.19045.3693
Python 3.11.4
firmware 12.4.0.1
numpy 1.26.4-rc2
release 2.0.1.0
ISBN 978-3-16-148410-0
ISBN 0-306-40615-2
ISBN-10: 0306406152
9783161484100
ISSN 1234-5679
EAN 4006381333931
IMEI 356938035643809
UUID 550e8400-e29b-41d4-a716-446655440000
sha 3b5d5c3712955042212316173ccf37be80000000
hex 0xDEADBEEF
pi is 3.14159265358979
0.123456789012
6.022e23
-12.5 to +13.75
+15%
up 12345678 units
48.8566, 2.3522
52.520008 13.404954
ZIP 90210-1234
10115 Berlin
SW1A 1AA
75002 Paris
24/7 support
call 911
dial 112
call me at 5
call us in 10 minutes
phone 12 Pro
iPhone 15 128 GB
call 2 of 3
text 12345 to win
PIN 4471
code 884213
your one-time code is 884213
card ending in 4242
card ending 6467
last four digits 6467
Visa *6467
4111 1111 1111 1111
4242424242424242
test card 5555 5555 5555 4444
378282246310005
4539 1488 0343 6468
1234 5678 9012 3456
0000 0000 0000 0000
16-digit number 1234567812345678
DE89 3704 0044 0532 0130 00
GB82 WEST 1234 5698 7654 32
DE44 5001 0517 5407 3249 32
FR12 items
IN23 and OUT45
user@example.com
jane.doe@example.org
a@mail.example.net
test@host.test
root@localhost
support@acme.com
no-reply@shop.de
billing@fictional-company.io
info@firma.de
icon@2x.png
npm i @babel/core@7.23.0
follow @annaschmidt99
3 @ $5.00 each
me@work
https://example.com/path?x=1
https://user:pass@example.com/
git@github.com:org/repo.git
ssh://git@github.com/org/repo.git
http://localhost:8000/v1
(212) 555-0147
+1 650 555 0123
555-0100
07700 900123
020 7946 0958
01632 960001
0161 496 0123
+49 30 23125 042
06 39 98 12 34
192.168.1.17
10.0.0.5
127.0.0.1
192.0.2.44
198.51.100.7
8.8.8.8
256.300.1.2
1.3.6.1.4.1.311
2001:db8::1
std::vector<int> a::b
10:20:30:40
00:1A:2B:3C:4D:5E
SSN 078-05-1120
SSN 000-12-3456
passport photo 35x45 mm
passport control at gate 12
passport expired in 2023
tax of 19000 euros
tax 2023
tax rate 19
DNI obligatorio
I have 3 cars
50 people on the road
took 20 minutes drive
7 Google Drive files
2 Test Drive cars
10 Downing
5 star place
1 way
the main street
Wall Street fell 300 points
Sesamstraße im Fernsehen
Platz 3 im Rennen
Weg 2
1. Main point
3 rue
Section 4 Road works
Chapter 12
room 221B
gate B12, seat 14C
flight LH 1234
bus 42 to the square
2 + 2 = 4
1, 2, 3, 4, 5, 6, 7, 8, 9, 10
1 2 3 4 5 6 7 8 9 10 11 12
01 02 03 04
score 3-2-1
12-34-56
ratio 16:9
1/2 cup and 3/4 tsp
500 GB for 12.99 a month
plan 30000 with 100 GB
weigh 70 kg and 180 cm
temperature -12.5
B2B and C3PO
call 24/7
mobile data 20 GB 2024
phone bill of 12.50 for 03/2024
customer service hours 0900-1700
member of 2 clubs
account 1, account 2
user 3 of 10
policy 2024
[EMAIL_1] or [PHONE_2]
<EMAIL_1>
"""

SECOND = """
Hi, this is Tom, you can get me on «phone:07842 119 305» or «email:tom_becker@protonmail.ch».
pls refund to «iban:AT48 3200 0000 1234 5864»
from my old address «email:s.okafor1@btinternet.com»
Ticket from «email:renée.dubois@laposte.net»
our office: «phone:+32 2 548 71 03»
you may phone «phone:01223 482 917»
fax: «phone:0221/4889-120»
«phone:+86 138 4729 1163»
«phone:+1-312-774-9052» ext. 4
«phone:312 774 9052»
«phone:0611 223 45 67»
«phone:+41 44 668 18 22»
«phone:+7 (495) 284-77-15»
«phone:04 72 19 88 34»
mobil: «phone:0660 4471882»
teléfono «phone:91 482 77 15»
my visa «card:4716 4510 1177 0056»?
the card number is «card:4024007174837723»
client ID: «account:7710-2284»
user number «account:55182»
loyalty card no. «account:9928 1177 20»
subscriber 	«account:88210047»
Versicherungsnummer «account:65170839J003»
numéro d'abonné : «account:5582210»
passport is «national_id:K4471882»
Aadhaar «national_id:2847 1193 6620»
BSN «national_id:284711936»
TIN: «national_id:28-4711936»
seen from «ip:185.220.101.4» yesterday
«ip:2001:4c4c:1f08::8e1»
postgres URL «login:postgres://maria:h4x@db.kunde-intern.de:5432»/prod
«address:18 Rosewood Close»
«address:3450 Wilshire Blvd», Los Angeles
come to «address:9 King's Road»
«address:Rosenweg 22 b»
«address:Wilhelm-Busch-Straße 9»
«address:27 quai des Célestins»
«address:Plaza de España 3»
«address:Viale dei Mille 41»
«address:PO Box 88»
The meeting is at 14:00 on 12.06.2024 in room 3.
I bought 2 tickets for 45.00 each on 4/11
Order 100-2847119-3662 shipped 2024-02-11
Rechnung 0221 4889120
Refund of 1 250 000 VND
My bill went from 39.99 to 49.99 in 03/24
Charged on 01/02, 01/03 and 01/04
Plan: 500 Mbit/s, 2 TB, 24 months
SKU 8847-2213-2291
license key 8F2K-99QX-11AB-7Z3D
model 3450 Wilshire
Windows 10.0.22621.1
error code 0x80070005
HTTP 404 and 500
subnet 172.16.4.0/22
dev@localhost:8080
write to privacy@kunde.de
pictures hero@3x.webp
The population is 8 849 221 of 10 427 301
phone number ending in 05
between 1 and 10 people drive
took the 38 Geary bus to the park
the year 2024 and 2025-2026
call the 800 number
(555) 555-5555
user 12 said hi
my customer rating is 4.75
account types: 401k, 529
account has 100000 points
passport valid until 2027-11-30
tax return 2023/2024
at 22 Celsius way too hot
10 Lord of the Rings Square Enix games
3 Place bets
2024 Road map
During 2021, interest rose
Spring 2024 sale
Engineering 101
Sender: alerts@info6.citi.com
nvidia-cublas==13.4.1.3.* and brotlicffi>=1.2.0.2
shared=3313664, text=2310144, lib=0
"""


def cases(block: str) -> list[Case]:
    return [read(line) for line in block.strip("\n").split("\n")]


CASES = [*cases(POSITIVE), *cases(NEGATIVE)]
UNSEEN = cases(SECOND)
"""Written when the patterns were done, to see what they miss."""


def marked(kind: str) -> list[Case]:
    """The cases that hold something of a kind."""
    return [case for case in (*CASES, *UNSEEN) if any(place[2] == kind for place in case.places)]


def plain() -> list[str]:
    """The texts that hold nothing."""
    return [case.text for case in (*CASES, *UNSEEN) if not case.places]
