-- Some probabilities are outside 0 to 1.
select product_id, segment, rising_probability, falling_probability, previous_rising_probability
from read_parquet($forecasts)
where rising_probability not between 0 and 1
   or falling_probability not between 0 and 1
   or previous_rising_probability not between 0 and 1
