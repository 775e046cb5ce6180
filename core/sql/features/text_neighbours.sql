-- The nearest products by text that a product's lifts spread through, nearer ones with more weight.
create or replace temp table text_neighbours as
select product_id, neighbour_id, cast(floor(power(greatest(similarity, 0.01), 4) * 1e4) as bigint) as weight
from neighbour_table
where rank <= $spreading
