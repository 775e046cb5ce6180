-- What did imports infer of the shop?
select name, value, evidence, import_id, inferred_at
from facts
order by name nulls last
