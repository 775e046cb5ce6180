-- Under which key did the warehouse's customers get their pseudonyms? One row where anything was imported; null from versions that noted none.
select max(key_sha256) as key_sha256
from imports
having count(*) > 0
