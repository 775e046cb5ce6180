-- Which words of its text speak for a rise, which against?
select position, text, attribution from text_attributions where product_id = $product order by position nulls last
