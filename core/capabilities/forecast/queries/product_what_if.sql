-- What would a product's chance of rising be with another price, promotion or stock? One row a combination; why there is none, if so.
select price, promotion, stock, rising_probability, unknown, products from what_if
where product_id = $product and segment = $segment
order by price nulls last, promotion nulls last, stock nulls last
