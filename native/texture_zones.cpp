// Zones of connected voxels of one grey level: their level, size (GLSZM) and distance to the border of the region (GLDZM).
//
// Union-find (Rem's) over runs along the rows. Contacts with the rows before come from comparing a register of voxels at a time; contacts
// that follow from others are left out: those of a run that touches the same run one voxel further left, and those with a voxel that lies
// beside one already touched in a nearer row. Labels of two slices are kept, the rest is per run; runs are added up without a branch.
// 11 ns per voxel.
//
// Distance: steps through faces (of pixels within the slice if planar) to leave the region; 1 at its border. Two sweeps, minimum plus
// one. 2 ns per voxel.
#include "texture.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

inline uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

// Puts the sets of two runs together. A parent never comes after its child, and a root is the first run of its set.
inline void unite(uint32_t* parent, uint32_t a, uint32_t b) {
    while (parent[a] != parent[b]) {
        if (parent[a] < parent[b]) {
            const uint32_t swapped = a;
            a = b;
            b = swapped;
        }
        const uint32_t above = parent[a];
        parent[a] = parent[b];
        if (above == a) return;
        a = above;
    }
}

// Voxels of equal level in another row, one to the left, straight and one to the right, as bits of the lanes.
struct Contacts {
    uint32_t left, straight, right;

    // Drop voxels that lie beside one that is touched in a row next to theirs.
    void drop_what_touches(const Contacts& other) {
        left &= ~(other.left | other.straight);
        straight &= ~(other.left | other.straight | other.right);
        right &= ~(other.straight | other.right);
    }
};

template <class V> void distances(const TextureVolume& volume, uint16_t* distance) {
    const V* levels = static_cast<const V*>(volume.levels);
    const int64_t up = volume.stride, back = volume.planar ? volume.stride : volume.n_rows * volume.stride;
    for (int64_t l = 0; l < volume.n_lines; ++l) {
        const Line line(volume, l);
        const V* voxels = levels + line.begin;
        uint16_t* now = distance + line.begin;
        uint32_t left = 0;
        for (int64_t x = 0; x < line.n; ++x) {
            const uint32_t least = smaller(smaller(now[x - up], now[x - back]), left) + 1;
            now[x] = uint16_t(left = voxels[x] ? least : 0);
        }
    }
    for (int64_t l = volume.n_lines - 1; l >= 0; --l) {
        const Line line(volume, l);
        uint16_t* now = distance + line.begin;
        uint32_t right = 0;
        for (int64_t x = line.n - 1; x >= 0; --x) {
            const uint32_t least = smaller(smaller(now[x + up], now[x + back]), right) + 1;
            now[x] = uint16_t(right = smaller(now[x], least));
        }
    }
}

// Numbers the runs of a line from `runs` on: their voxels, and level, size and distance of each, without a branch. What number is next.
template <class V>
__attribute__((noinline)) uint32_t label_runs(const V* voxels, int64_t n, const uint16_t* distance, uint32_t runs,
                                              uint32_t* __restrict labels, const ZoneScratch& scratch) {
    Zone* __restrict zones = scratch.zones;
    uint32_t* __restrict parent = scratch.parent;
    uint32_t size = 0, nearest = 0;
    for (int64_t x = 0; x < n; ++x) {  // the voxel before the first is outside, so the first begins a run
        const uint32_t begins = voxels[x] != voxels[x - 1];
        size = (size & (begins - 1)) + 1;
        nearest = smaller(nearest | (0 - begins), distance[x]);
        runs += begins;
        zones[runs - 1] = {voxels[x], int32_t(size), int32_t(nearest)};
        parent[runs - 1] = labels[x] = runs - 1;
    }
    return runs;
}

// Puts voxels together with what they touch on two sides: bits of the lanes, and the labels there.
template <class V>
inline void unite_all(uint32_t* parent, const uint32_t* labels, uint32_t a, const uint32_t* there_a, uint32_t b, const uint32_t* there_b) {
    for (uint64_t left = a | uint64_t(b) << 32; left; left &= left - 1) {
        const int64_t bit = __builtin_ctzll(left), at = (bit & 31) / int64_t(sizeof(V));
        unite(parent, labels[at], (bit < 32 ? there_a : there_b)[at]);
    }
}

template <class V> int64_t find_zones(const TextureVolume& volume, const ZoneScratch& scratch, int64_t* bounds) {
    typedef typename Of<V>::Vector Vector;
    const V* levels = static_cast<const V*>(volume.levels);
    uint32_t* parent = scratch.parent;
    const int64_t plane = volume.n_rows * volume.stride;
    const int n_rows_before = volume.planar ? 1 : 4;
    // The row before, then those of the slice before: the same row, the one before it and the one after it.
    static constexpr int64_t BEFORE[4][2] = {{0, -1}, {-1, 0}, {-1, -1}, {-1, 1}};
    uint32_t runs = 0;
    int64_t slice = 0;
    bounds[0] = 0;
    for (int64_t l = 0; l < volume.n_lines; ++l) {
        const Line line(volume, l);
        const V* voxels = levels + line.begin;
        uint32_t* labels = scratch.labels + (line.slice & 1) * plane + line.begin - line.slice * plane;
        for (; slice < group(volume, line); ++slice) bounds[slice + 1] = runs;
        runs = label_runs(voxels, line.n, scratch.distance + line.begin, runs, labels, scratch);
        for (int64_t x = 0; x < line.n; x += lanes<V>()) {
            const Vector level = *reinterpret_cast<const Vector*>(voxels + x);
            const uint32_t inside = bits_where<V>(level != 0) & lanes_within<V>(line.n - x);
            const uint32_t begins = ~bits_where<V>(level == *reinterpret_cast<const Vector*>(voxels + x - 1));
            Contacts touching[4], contacts[4];
            for (int k = 0; k < n_rows_before; ++k) {
                const V* row = voxels + x + BEFORE[k][0] * plane + BEFORE[k][1] * volume.stride;
                touching[k].left = bits_where<V>(level == *reinterpret_cast<const Vector*>(row - 1)) & inside;
                touching[k].straight = bits_where<V>(level == *reinterpret_cast<const Vector*>(row)) & inside;
                touching[k].right = bits_where<V>(level == *reinterpret_cast<const Vector*>(row + 1)) & inside;
                // Beside a straight contact the slanted ones reach the same run; left of a voxel of the same run, its straight or
                // right contact has been seen.
                contacts[k].left = touching[k].left & begins & ~touching[k].straight;
                contacts[k].straight = touching[k].straight & begins;
                contacts[k].right = touching[k].right & ~touching[k].straight;
            }
            if (n_rows_before == 4) {
                // A voxel touched in one row touches those beside it in the next: what these share with it has been united.
                contacts[1].drop_what_touches(touching[0]);
                contacts[2].drop_what_touches(touching[0]);
                contacts[2].drop_what_touches(touching[1]);
                contacts[3].drop_what_touches(touching[1]);
            }
            // Two sides at a time, as the halves of one number: the left and the straight contacts of a row, the right ones of two.
            const uint32_t* there[4];
            for (int k = 0; k < n_rows_before; ++k)
                there[k] = scratch.labels + ((line.slice + BEFORE[k][0]) & 1) * plane + line.begin - line.slice * plane +
                           BEFORE[k][1] * volume.stride + x;
            for (int k = 0; k < n_rows_before; ++k) {
                unite_all<V>(parent, labels + x, contacts[k].left, there[k] - 1, contacts[k].straight, there[k]);
            }
            for (int k = 0; k < n_rows_before; k += 2) {
                const bool two = k + 1 < n_rows_before;
                unite_all<V>(parent, labels + x, contacts[k].right, there[k] + 1, two ? contacts[k + 1].right : 0, there[k + two] + 1);
            }
        }
    }
    bounds[slice + 1] = runs;
    // Add up the runs of each zone, at the place of its first among all such; these stand in the order of their slices. A parent has
    // been given its place before its children ask for it.
    int64_t zones = 0;
    uint32_t run = 0;
    for (int64_t n = 1; n <= slice + 1; ++n) {
        for (; run < uint32_t(bounds[n]); ++run) {
            const Zone own = scratch.zones[run];
            const bool first = parent[run] == run;
            const uint32_t place = first ? uint32_t(zones) : parent[parent[run]];
            const Zone before = scratch.zones[place];
            const bool nearer = first || own.distance < before.distance;
            scratch.zones[place] = {own.level, own.size + (first ? 0 : before.size), nearer ? own.distance : before.distance};
            parent[run] = place;
            zones += first && own.level;  // a gap in a line takes no place
        }
        bounds[n] = zones;
    }
    return zones;
}

}  // namespace

// out: zeros, as the volume; `levels` may be any that are 0 outside the region whose border counts.
void texture_distances(const TextureVolume& volume, uint16_t* out) {
    if (volume.bytes == 1) distances<uint8_t>(volume, out);
    else distances<uint16_t>(volume, out);
}

int64_t texture_zones(const TextureVolume& volume, const ZoneScratch& scratch, int64_t* bounds) {
    return volume.bytes == 1 ? find_zones<uint8_t>(volume, scratch, bounds) : find_zones<uint16_t>(volume, scratch, bounds);
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
