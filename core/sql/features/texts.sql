-- What the encoder reads of each product.
select
    product_id,
    concat_ws('. ', nullif(trim(title), ''), nullif(trim(brand), ''), nullif(trim(category), ''), nullif(trim(description), '')) as text
from products
order by product_id
