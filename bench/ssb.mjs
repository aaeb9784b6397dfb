// Data of the Star Schema Benchmark: the tables and distributions of its specification, rows from hashes of their
// numbers (DuckDB computes them), so that every run has the same.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { oracle } from '../scripts/oracles.mjs';

const low = 'LowCardinality(String)';
const columns = {
  dates: [
    `d_datekey UInt32, d_date String, d_dayofweek ${low}, d_month ${low}, d_year UInt16, d_yearmonthnum UInt32, d_yearmonth ${low}, d_daynuminweek UInt8, d_daynuminmonth UInt8, d_daynuminyear UInt16, d_monthnuminyear UInt8, d_weeknuminyear UInt8, d_sellingseason ${low}`,
    'd_datekey',
  ],
  customer: [
    `c_custkey UInt32, c_name String, c_address String, c_city ${low}, c_nation ${low}, c_region ${low}, c_phone String, c_mktsegment ${low}`,
    'c_custkey',
  ],
  supplier: [
    `s_suppkey UInt32, s_name String, s_address String, s_city ${low}, s_nation ${low}, s_region ${low}, s_phone String`,
    's_suppkey',
  ],
  part: [
    `p_partkey UInt32, p_name String, p_mfgr ${low}, p_category ${low}, p_brand ${low}, p_color ${low}, p_type ${low}, p_size UInt8, p_container ${low}`,
    'p_partkey',
  ],
  lineorder: [
    `lo_orderkey UInt32, lo_linenumber UInt8, lo_custkey UInt32, lo_partkey UInt32, lo_suppkey UInt32, lo_orderdate UInt32, lo_orderpriority ${low}, lo_shippriority UInt8, lo_quantity UInt8, lo_extendedprice UInt32, lo_ordtotalprice UInt32, lo_discount UInt8, lo_revenue UInt32, lo_supplycost UInt32, lo_tax UInt8, lo_commitdate UInt32, lo_shipmode ${low}`,
    '(lo_orderdate, lo_orderkey)',
  ],
};

const list = (values) => `[${values.map((v) => `'${v}'`).join(',')}]`;
const regions = {
  AFRICA: ['ALGERIA', 'ETHIOPIA', 'KENYA', 'MOROCCO', 'MOZAMBIQUE'],
  AMERICA: ['ARGENTINA', 'BRAZIL', 'CANADA', 'PERU', 'UNITED STATES'],
  ASIA: ['CHINA', 'INDIA', 'INDONESIA', 'JAPAN', 'VIETNAM'],
  EUROPE: ['FRANCE', 'GERMANY', 'ROMANIA', 'RUSSIA', 'UNITED KINGDOM'],
  'MIDDLE EAST': ['EGYPT', 'IRAN', 'IRAQ', 'JORDAN', 'SAUDI ARABIA'],
};
const nations = Object.values(regions).flat();
const segments = ['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'HOUSEHOLD', 'MACHINERY'];
const colors =
  'almond azure beige black blue brown cream green grey lime navy peach pink red white'.split(' ');
const modes = ['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'];
const priorities = ['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECI', '5-LOW'];

/** Where somebody lives: city = the nation's name cut or padded to nine characters, and a digit. */
const place = (p, seed) => `
  rpad(left(${list(nations)}[1 + r(i, ${seed}) % 25], 9), 9, ' ') || (r(i, ${seed + 1}) % 10)::varchar as ${p}_city,
  ${list(nations)}[1 + r(i, ${seed}) % 25] as ${p}_nation,
  ${list(Object.keys(regions))}[1 + r(i, ${seed}) % 25 // 5] as ${p}_region,
  (10 + r(i, ${seed}) % 25)::varchar || '-' || (100 + r(i, ${seed + 2}) % 900)::varchar || '-' || (1000 + r(i, ${seed + 3}) % 9000)::varchar as ${p}_phone`;

function statements(sf) {
  const customers = Math.round(30_000 * sf);
  const suppliers = Math.max(10, Math.round(2_000 * sf));
  const parts = Math.round(200_000 * (sf < 1 ? sf : 1 + Math.floor(Math.log2(sf))));
  const orders = Math.round(1_500_000 * sf);
  return {
    dates: `select cast(strftime(d, '%Y%m%d') as uinteger) as d_datekey, strftime(d, '%B %-d, %Y') as d_date,
      dayname(d) as d_dayofweek, monthname(d) as d_month, year(d)::usmallint as d_year,
      (year(d) * 100 + month(d))::uinteger as d_yearmonthnum, strftime(d, '%b%Y') as d_yearmonth,
      (dayofweek(d) + 1)::utinyint as d_daynuminweek, day(d)::utinyint as d_daynuminmonth,
      dayofyear(d)::usmallint as d_daynuminyear, month(d)::utinyint as d_monthnuminyear,
      ((dayofyear(d) - 1) // 7 + 1)::utinyint as d_weeknuminyear,
      case when month(d) = 12 then 'Christmas' when month(d) in (6, 7, 8) then 'Summer' when month(d) in (1, 2) then 'Winter' when month(d) in (3, 4, 5) then 'Spring' else 'Fall' end as d_sellingseason
      from (select unnest(generate_series(date '1992-01-01', date '1998-12-31', interval 1 day))::date as d)`,
    customer: `select i::uinteger as c_custkey, 'Customer#' || lpad(i::varchar, 9, '0') as c_name, md5((i * 7)::varchar) as c_address,
      ${place('c', 1)}, ${list(segments)}[1 + r(i, 9) % 5] as c_mktsegment from range(1, ${customers + 1}) t(i)`,
    supplier: `select i::uinteger as s_suppkey, 'Supplier#' || lpad(i::varchar, 9, '0') as s_name, md5((i * 11)::varchar) as s_address,
      ${place('s', 11)} from range(1, ${suppliers + 1}) t(i)`,
    part: `select i::uinteger as p_partkey, ${list(colors)}[1 + r(i, 21) % 15] || ' ' || ${list(colors)}[1 + r(i, 22) % 15] as p_name,
      'MFGR#' || (1 + r(i, 23) % 5)::varchar as p_mfgr,
      'MFGR#' || (1 + r(i, 23) % 5)::varchar || (1 + r(i, 24) % 5)::varchar as p_category,
      'MFGR#' || (1 + r(i, 23) % 5)::varchar || (1 + r(i, 24) % 5)::varchar || (1 + r(i, 25) % 40)::varchar as p_brand,
      ${list(colors)}[1 + r(i, 26) % 15] as p_color, ['STANDARD','SMALL','MEDIUM','LARGE','ECONOMY','PROMO'][1 + r(i, 27) % 6] as p_type,
      (1 + r(i, 28) % 50)::utinyint as p_size, ['SM CASE','MED BOX','LG PACK','JUMBO JAR','WRAP BAG'][1 + r(i, 29) % 5] as p_container
      from range(1, ${parts + 1}) t(i)`,
    lineorder: `select o::uinteger as lo_orderkey, l::utinyint as lo_linenumber, (1 + r(o, 31) % ${customers})::uinteger as lo_custkey,
      (1 + r(i, 32) % ${parts})::uinteger as lo_partkey, (1 + r(i, 33) % ${suppliers})::uinteger as lo_suppkey,
      cast(strftime(date '1992-01-01' + (r(o, 34) % 2405)::integer, '%Y%m%d') as uinteger) as lo_orderdate,
      ${list(priorities)}[1 + r(o, 35) % 5] as lo_orderpriority, 0::utinyint as lo_shippriority, q::utinyint as lo_quantity,
      (q * price)::uinteger as lo_extendedprice, (q * price * 4)::uinteger as lo_ordtotalprice, d::utinyint as lo_discount,
      (q * price * (100 - d) // 100)::uinteger as lo_revenue, (6 * price // 10)::uinteger as lo_supplycost, (r(i, 38) % 9)::utinyint as lo_tax,
      cast(strftime(date '1992-01-01' + (30 + r(o, 34) % 2405 + r(i, 39) % 60)::integer, '%Y%m%d') as uinteger) as lo_commitdate,
      ${list(modes)}[1 + r(i, 40) % 7] as lo_shipmode
      from (select o, l, o * 8 + l as i, 1 + r(o * 8 + l, 36) % 50 as q, r(o * 8 + l, 37) % 11 as d, 90000 + r(o * 8 + l, 32) % 20000 as price
            from range(1, ${orders + 1}) a(o), range(1, 8) b(l) where l <= 1 + r(o, 30) % 7)`,
  };
}

/** Makes the files that are missing; gives the path of a table's. */
async function make(work, sf) {
  const dir = join(work, `ssb-${sf}`);
  mkdirSync(dir, { recursive: true });
  const fileOf = (table) => join(dir, `${table}.parquet`);
  if (Object.keys(columns).every((t) => existsSync(fileOf(t)))) return fileOf;
  const package_ = await oracle('@duckdb/node-api');
  if (package_ === undefined) throw new Error('DuckDB makes the data and is not there');
  const connection = await (await package_.DuckDBInstance.create(':memory:')).connect();
  await connection.run('create macro r(i, k) as (hash(i::ubigint, k::integer) >> 8)::bigint');
  for (const [table, sql] of Object.entries(statements(sf))) {
    const names = columns[table][0].split(', ').map((c) => c.split(' ')[0]);
    await connection.run(
      `copy (select ${names.join(', ')} from (${sql})) to '${fileOf(table)}' (format parquet)`,
    );
  }
  return fileOf;
}

export const ssbTables = { columns, make };
