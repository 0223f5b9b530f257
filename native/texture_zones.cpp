// Zones of connected voxels of one grey level: their level, size (GLSZM) and distance to the border of the region (GLDZM).
//
// Union-find over runs along the rows. Contacts with the rows before come from comparing a register of voxels at a time; contacts that
// follow from others are left out: those of a run that touches the same run one voxel further left, and those with a voxel that lies
// beside one already touched in a nearer row. Labels of two slices are kept, the rest is per run. 15 ns per voxel.
//
// Distance: steps through faces (of pixels within the slice if planar) to leave the region; 1 at its border. Two sweeps, minimum plus
// one. 2 ns per voxel.
#include "texture.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {
namespace {

inline uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

inline uint32_t find(uint32_t* parent, uint32_t run) {
    while (parent[run] != run) {
        parent[run] = parent[parent[run]];
        run = parent[run];
    }
    return run;
}

inline void unite(uint32_t* parent, uint32_t a, uint32_t b) {
    a = find(parent, a);
    b = find(parent, b);
    if (a < b) parent[b] = a;
    else parent[a] = b;
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
        const uint32_t first = runs;
        for (int64_t x = 0; x < line.n; ++x) {  // the voxel before the first is outside, so the first begins a run
            runs += voxels[x] != voxels[x - 1];
            labels[x] = runs - 1;
        }
        for (uint32_t run = first; run < runs; ++run) parent[run] = run;
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
            for (int k = 0; k < n_rows_before; ++k) {
                const uint32_t* there = scratch.labels + ((line.slice + BEFORE[k][0]) & 1) * plane + line.begin - line.slice * plane +
                                        BEFORE[k][1] * volume.stride + x;
                const uint32_t sides[3] = {contacts[k].left, contacts[k].straight, contacts[k].right};
                for (int side = 0; side < 3; ++side) {
                    for (uint32_t left = sides[side]; left; left &= left - 1) {
                        const int64_t at = lowest<V>(left);
                        unite(parent, labels[x + at], there[at + side - 1]);
                    }
                }
            }
        }
    }
    bounds[slice + 1] = runs;
    for (uint32_t run = 0; run < runs; ++run) {
        parent[run] = parent[parent[run]];  // parents come first: they already point to their root
        scratch.zones[run] = {0, 0, INT32_MAX};
    }
    uint32_t next = 0;
    for (int64_t l = 0; l < volume.n_lines; ++l) {
        const Line line(volume, l);
        const V* voxels = levels + line.begin;
        const uint16_t* distance = scratch.distance + line.begin;
        for (int64_t x = 0; x < line.n; ++x) {
            next += voxels[x] != voxels[x - 1];
            Zone& zone = scratch.zones[parent[next - 1]];
            zone.level = voxels[x];
            zone.size += 1;
            zone.distance = distance[x] < zone.distance ? distance[x] : zone.distance;
        }
    }
    // Gather the roots, which stand in the order of their slices when zones stay within slices.
    int64_t zones = 0;
    uint32_t run = 0;
    for (int64_t n = 1; n <= slice + 1; ++n) {
        for (; run < uint32_t(bounds[n]); ++run)
            if (parent[run] == run && scratch.zones[run].level) scratch.zones[zones++] = scratch.zones[run];
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
