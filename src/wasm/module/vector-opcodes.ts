/**
 * The vector instructions: lines of consecutive numbers with the operands and results before the names. A name is
 * followed by `:bytes` where memory is reached, and by `/lanes` where a lane is named.
 */
export const VECTOR_LINES = `
fd00 i>v v128.load:16 v128.load8x8_s:8 v128.load8x8_u:8 v128.load16x4_s:8 v128.load16x4_u:8
fd05 i>v v128.load32x2_s:8 v128.load32x2_u:8
fd07 i>v v128.load8_splat:1 v128.load16_splat:2 v128.load32_splat:4 v128.load64_splat:8
fd0b iv> v128.store:16, >v v128.const, vv>v i8x16.shuffle i8x16.swizzle
fd0f i>v i8x16.splat i16x8.splat i32x4.splat, l>v i64x2.splat, f>v f32x4.splat, d>v f64x2.splat
fd15 v>i i8x16.extract_lane_s/16 i8x16.extract_lane_u/16, vi>v i8x16.replace_lane/16
fd18 v>i i16x8.extract_lane_s/8 i16x8.extract_lane_u/8, vi>v i16x8.replace_lane/8
fd1b v>i i32x4.extract_lane/4, vi>v i32x4.replace_lane/4, v>l i64x2.extract_lane/2, vl>v i64x2.replace_lane/2
fd1f v>f f32x4.extract_lane/4, vf>v f32x4.replace_lane/4, v>d f64x2.extract_lane/2, vd>v f64x2.replace_lane/2
fd23 vv>v i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u i8x16.ge_s i8x16.ge_u
fd2d vv>v i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u i16x8.ge_s i16x8.ge_u
fd37 vv>v i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u i32x4.ge_s i32x4.ge_u
fd41 vv>v f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge
fd47 vv>v f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge
fd4d v>v v128.not, vv>v v128.and v128.andnot v128.or v128.xor, vvv>v v128.bitselect, v>i v128.any_true
fd54 iv>v v128.load8_lane:1/16 v128.load16_lane:2/8 v128.load32_lane:4/4 v128.load64_lane:8/2
fd58 iv> v128.store8_lane:1/16 v128.store16_lane:2/8 v128.store32_lane:4/4 v128.store64_lane:8/2
fd5c i>v v128.load32_zero:4 v128.load64_zero:8
fd5e v>v f32x4.demote_f64x2_zero f64x2.promote_low_f32x4
fd60 v>v i8x16.abs i8x16.neg i8x16.popcnt, v>i i8x16.all_true i8x16.bitmask
fd65 vv>v i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u
fd67 v>v f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest
fd6b vi>v i8x16.shl i8x16.shr_s i8x16.shr_u
fd6e vv>v i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u
fd74 v>v f64x2.ceil f64x2.floor
fd76 vv>v i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u
fd7a v>v f64x2.trunc, vv>v i8x16.avgr_u
fd7c v>v i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u
fd7e v>v i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u
fd80 v>v i16x8.abs i16x8.neg, vv>v i16x8.q15mulr_sat_s, v>i i16x8.all_true i16x8.bitmask
fd85 vv>v i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u
fd87 v>v i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u i16x8.extend_high_i8x16_u
fd8b vi>v i16x8.shl i16x8.shr_s i16x8.shr_u
fd8e vv>v i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u
fd94 v>v f64x2.nearest, vv>v i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u
fd9b vv>v i16x8.avgr_u i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s
fd9e vv>v i16x8.extmul_low_i8x16_u i16x8.extmul_high_i8x16_u
fda0 v>v i32x4.abs i32x4.neg
fda3 v>i i32x4.all_true i32x4.bitmask
fda7 v>v i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u i32x4.extend_high_i16x8_u
fdab vi>v i32x4.shl i32x4.shr_s i32x4.shr_u, vv>v i32x4.add
fdb1 vv>v i32x4.sub
fdb5 vv>v i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s
fdbc vv>v i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u i32x4.extmul_high_i16x8_u
fdc0 v>v i64x2.abs i64x2.neg
fdc3 v>i i64x2.all_true i64x2.bitmask
fdc7 v>v i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u i64x2.extend_high_i32x4_u
fdcb vi>v i64x2.shl i64x2.shr_s i64x2.shr_u, vv>v i64x2.add
fdd1 vv>v i64x2.sub
fdd5 vv>v i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s
fddc vv>v i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u
fde0 v>v f32x4.abs f32x4.neg
fde3 v>v f32x4.sqrt, vv>v f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax
fdec v>v f64x2.abs f64x2.neg
fdef v>v f64x2.sqrt, vv>v f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax
fdf8 v>v i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s f32x4.convert_i32x4_u
fdfc v>v i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero
fdfe v>v f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u`;
