-- What does the encoder read of each product? An id in place of a title says nothing.
select
    product_id,
    concat_ws(
        '. ', nullif(nullif(trim(title), ''), product_id), nullif(trim(brand), ''), nullif(trim(category), ''), nullif(trim(description), '')
    ) as text
from products
order by product_id nulls last
