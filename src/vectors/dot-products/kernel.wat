;; The dot products of the vector at 0 with `count` rows, the first at `rows`, as 32-bit floats from `out` on.
;; Vectors are `bytes` long, a multiple of 64. Four sums hide the time that an addition takes.
(module
  (memory (export "memory") 1)
  (func (export "dots") (param $rows i32) (param $count i32) (param $bytes i32) (param $out i32)
    (local $at i32) (local $end i32)
    (local $sum0 v128) (local $sum1 v128) (local $sum2 v128) (local $sum3 v128)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (loop $row
      (local.set $sum0 (v128.const f32x4 0 0 0 0))
      (local.set $sum1 (v128.const f32x4 0 0 0 0))
      (local.set $sum2 (v128.const f32x4 0 0 0 0))
      (local.set $sum3 (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.const 0))
      (loop $part
        (local.set $sum0 (f32x4.add (local.get $sum0)
          (f32x4.mul (v128.load (local.get $at)) (v128.load (local.get $rows)))))
        (local.set $sum1 (f32x4.add (local.get $sum1)
          (f32x4.mul (v128.load offset=16 (local.get $at)) (v128.load offset=16 (local.get $rows)))))
        (local.set $sum2 (f32x4.add (local.get $sum2)
          (f32x4.mul (v128.load offset=32 (local.get $at)) (v128.load offset=32 (local.get $rows)))))
        (local.set $sum3 (f32x4.add (local.get $sum3)
          (f32x4.mul (v128.load offset=48 (local.get $at)) (v128.load offset=48 (local.get $rows)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (local.set $rows (i32.add (local.get $rows) (i32.const 64)))
        (br_if $part (i32.lt_u (local.get $at) (local.get $bytes))))
      (local.set $sum0 (f32x4.add
        (f32x4.add (local.get $sum0) (local.get $sum1)) (f32x4.add (local.get $sum2) (local.get $sum3))))
      (f32.store (local.get $out) (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $sum0)) (f32x4.extract_lane 1 (local.get $sum0)))
        (f32.add (f32x4.extract_lane 2 (local.get $sum0)) (f32x4.extract_lane 3 (local.get $sum0)))))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $row (i32.lt_u (local.get $out) (local.get $end)))))
)
