-- The nearest products by text that lifts spread from, nearer ones with more weight, and until when each is one of them.
create or replace temp table text_neighbours as
select product_id, neighbour_id, until, cast(floor(power(greatest(similarity, 0.01), 4) * 1e4) as bigint) as weight
from neighbour_table
