#!/usr/bin/env bash
# Everything that needs a GPU, in one go: bash benchmarks/gpu.sh OUT. Needs torch with CUDA and numpy; builds nothing.
# DRY=1 runs the same steps small and on the CPU: does every command start, read its options and end well?
# With POOL=years.npz and TEACHER=presto_default_model.pt also a lesson of the student.
set -uo pipefail
out=${1:?say where the logs go}
mkdir -p "$out"
python=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}
device=cuda most=10000000 steps=100 batch=4096 parts=(encoder flat)
[ -n "${DRY:-}" ] && device=cpu most=1000 steps=2 batch=64 parts=(flat)
failed=0
step() {
    local name=$1
    shift
    echo "== $name: $*"
    timeout "${LIMIT_S:-240}" "$@" >"$out/$name.log" 2>&1 || { echo "   failed with $?"; failed=1; }
    tail -n 20 "$out/$name.log"
}
if [ "$device" = cuda ]; then
    "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' || { echo "no CUDA device here"; exit 3; }
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv >"$out/device.csv"
fi
step kernel "$python" -m pytest -q tests/pixelclip/test_encoder.py -k "kernel or quick"
step bench "$python" -m tools.pixelclip bench --device "$device" --most "$most" --only "${parts[@]}"
if [ -f "${POOL:-}" ]; then
    step distil "$python" -m tools.pixelclip distil --pool "$POOL" --teacher "${TEACHER:?}" \
        --steps "$steps" --batch "$batch" --device "$device" --out "$out/student.safetensors"
fi
exit $failed
