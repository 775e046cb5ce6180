-- From which products with similar text do lifts spread, with what weight, and until when is each one of them?
select product_id, neighbour_id, until, cast(floor(power(greatest(similarity, 0.01), 4) * 1e4) as bigint) as weight
from nearest_products
