-- What the encoder reads of each product. An id that stands for a title says nothing.
select
    product_id,
    concat_ws('. ', nullif(nullif(trim(title), ''), product_id), nullif(trim(brand), ''), nullif(trim(category), ''), nullif(trim(description), '')) as text
from products
order by product_id
