// Makes a voxel solid simply connected and free of contacts along an edge or a corner only, so that its surface is one sphere.
//
// Either the solid is grown from its deepest voxel (handles are cut), or what lies outside is grown from afar (handles are filled),
// deepest first, ties by position; a voxel is taken when that changes no topology (simple point: 6-connected solid, 26-connected
// background) and leaves every 2 x 2 x 2 block well composed. What is refused is asked again when a neighbour has been taken. Where
// nothing more can be taken, a voxel that only its blocks hold back is taken together with a second one that mends them, if need be
// one that was not given: otherwise whole lobes behind a narrow place would be lost. No voxel is asked more than 54 times. A
// neighbourhood is one 27-bit word, x fastest: floods and block patterns are shifts. Cost: about 0.1 us per voxel of the solid.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

namespace {

constexpr int64_t FAR = 1 << 20;  // more voxels than any line has
constexpr uint32_t ALL = (1u << 27) - 1, CENTRE = 1u << 13;
constexpr uint32_t X_LOW = 0x1249249u, X_HIGH = X_LOW << 2;          // bits with x = 0, with x = 2
constexpr uint32_t Y_LOW = 0x1C0E07u, Y_HIGH = Y_LOW << 6;          // bits with y = 0, with y = 2
constexpr uint32_t FACES = 1u << 4 | 1u << 10 | 1u << 12 | 1u << 14 | 1u << 16 | 1u << 22;
constexpr uint32_t BLOCK = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 9 | 1u << 10 | 1u << 12 | 1u << 13;
constexpr uint32_t CORNERS = 1u << 0 | 1u << 2 | 1u << 6 | 1u << 8 | 1u << 18 | 1u << 20 | 1u << 24 | 1u << 26;

inline uint32_t along_x(uint32_t s) { return (s & ~X_HIGH) << 1 | (s & ~X_LOW) >> 1; }
inline uint32_t along_y(uint32_t s) { return (s & ~Y_HIGH) << 3 | (s & ~Y_LOW) >> 3; }
inline uint32_t along_z(uint32_t s) { return (s << 9 & ALL) | s >> 9; }

// The part of `set` that is 6-connected to `seed`.
inline uint32_t flood_faces(uint32_t seed, uint32_t set) {
    for (;;) {
        const uint32_t next = (seed | along_x(seed) | along_y(seed) | along_z(seed)) & set;
        if (next == seed) return seed;
        seed = next;
    }
}

// The part of `set` that is 26-connected to `seed`.
inline uint32_t flood_corners(uint32_t seed, uint32_t set) {
    for (;;) {
        uint32_t next = seed | along_x(seed);
        next |= along_y(next);
        next = (next | along_z(next)) & set;
        if (next == seed) return seed;
        seed = next;
    }
}

inline bool simple(uint32_t solid) {
    const uint32_t near = solid & ~CORNERS & ~CENTRE, touching = near & FACES;
    if (touching == 0) return false;
    const uint32_t outside = ~solid & ALL & ~CENTRE;
    if (outside == 0) return false;
    if (touching & ~flood_faces(touching & (0u - touching), near)) return false;
    return flood_corners(outside & (0u - outside), outside) == outside;
}

}  // namespace

// Whether a 2 x 2 x 2 pattern (x fastest) holds two voxels, or two gaps, that touch along an edge or at a corner only.
static void badly_composed(uint8_t bad[256]) {
    for (int p = 0; p < 256; ++p) {
        const auto at = [p](int bit) { return p >> bit & 1; };
        bool found = false;
        for (int axis = 0; axis < 3; ++axis) {
            const int w = 1 << axis, u = 1 << (axis + 1) % 3, v = 1 << (axis + 2) % 3;
            for (int side = 0; side < 2; ++side) {
                const int o = side * w;
                found |= at(o) == at(o + u + v) && at(o + u) == at(o + v) && at(o) != at(o + u);
            }
        }
        const int n = __builtin_popcount(unsigned(p));
        for (int bit = 0; bit < 4; ++bit) {
            found |= n == 2 && at(bit) && at(7 - bit);
            found |= n == 6 && !at(bit) && !at(7 - bit);
        }
        bad[p] = found;
    }
}

// voxels: (K, J, I) 0 or 1, I fastest, its outermost layers empty. counts: vertices and squares of the voxel surface, and corners of
// the grid around which the solid is badly composed.
void surface_counts(const uint8_t* voxels, const int64_t shape[3], int64_t counts[3]) {
    const int64_t K = shape[0], J = shape[1], I = shape[2];
    uint8_t bad[256], edges[256];
    badly_composed(bad);
    for (int p = 0; p < 256; ++p) {  // a square shows at each of its four corners as one pair of unlike neighbours
        const int x = (p ^ p >> 1) & 0x55, y = (p ^ p >> 2) & 0x33, z = (p ^ p >> 4) & 0x0F;
        edges[p] = uint8_t(__builtin_popcount(unsigned(x)) + __builtin_popcount(unsigned(y)) + __builtin_popcount(unsigned(z)));
    }
    int64_t patterns[256] = {};
    for (int64_t k = 0; k + 1 < K; ++k) {
        for (int64_t j = 0; j + 1 < J; ++j) {
            const uint8_t *a = voxels + (k * J + j) * I, *b = a + I, *c = a + J * I, *d = c + I;
            unsigned low = 0;
            for (int64_t i = 1; i < I; ++i) {
                const unsigned high = unsigned(a[i] | b[i] << 2 | c[i] << 4 | d[i] << 6);
                patterns[low | high << 1] += 1;
                low = high;
            }
        }
    }
    int64_t vertices = 0, quarters = 0, badly = 0;
    for (int p = 1; p < 255; ++p) {
        vertices += patterns[p];
        quarters += patterns[p] * edges[p];
        badly += patterns[p] * bad[p];
    }
    counts[0] = vertices;
    counts[1] = quarters / 4;
    counts[2] = badly;
}

// One line of squared distances: the lower envelope of the parabolas of each run between zeros (Felzenszwalb 2012).
// line: n values. step: spacing. place, from, value: n + 1 doubles of scratch each.
static void envelope(double* line, int64_t n, double step, double* place, double* from, double* value) {
    for (int64_t start = 0; start < n; ++start) {
        if (line[start] == 0) continue;
        int64_t stop = start;
        while (stop < n && line[stop] != 0) ++stop;
        int64_t top = -1;
        for (int64_t q = start > 0 ? start - 1 : 0; q < n && q <= stop; ++q) {
            const double at = double(q) * step, height = line[q];
            double cross = at;
            while (top >= 0) {
                cross = ((height + at * at) - (value[top] + place[top] * place[top])) / (2 * (at - place[top]));
                if (top == 0 || cross > from[top]) break;
                --top;
            }
            ++top;
            place[top] = at;
            value[top] = height;
            from[top] = cross;
        }
        int64_t piece = 0;
        for (int64_t q = start; q < stop; ++q) {
            const double at = double(q) * step;
            while (piece < top && from[piece + 1] < at) ++piece;
            const double away = at - place[piece];
            line[q] = away * away + value[piece];
        }
        start = stop;
    }
}

// Squared distance from the centre of each voxel that is 1 to the nearest that is 0. spacing: along K, J, I.
void squared_distance(const uint8_t* voxels, const int64_t shape[3], const double spacing[3], float* out, double* scratch) {
    const int64_t K = shape[0], J = shape[1], I = shape[2];
    const int64_t longest = K > J ? (K > I ? K : I) : (J > I ? J : I);
    double *line = scratch, *place = line + longest + 1, *from = place + longest + 1, *value = from + longest + 1;
    for (int64_t row = 0; row < K * J; ++row) {
        const uint8_t* v = voxels + row * I;
        float* o = out + row * I;
        int64_t since = FAR;
        for (int64_t i = 0; i < I; ++i) {
            since = v[i] ? since + 1 : 0;
            line[i] = double(since);
        }
        since = FAR;
        for (int64_t i = I - 1; i >= 0; --i) {
            since = v[i] ? since + 1 : 0;
            const double steps = (line[i] < double(since) ? line[i] : double(since)) * spacing[2];
            o[i] = float(steps * steps);
        }
    }
    for (int axis = 1; axis >= 0; --axis) {
        const int64_t n = shape[axis], stride = axis == 1 ? I : J * I, others = axis == 1 ? K : J, jump = axis == 1 ? J * I : I;
        for (int64_t other = 0; other < others; ++other) {
            for (int64_t i = 0; i < I; ++i) {
                float* o = out + other * jump + i;
                bool any = false;
                for (int64_t q = 0; q < n; ++q) {
                    line[q] = double(o[q * stride]);
                    any |= line[q] != 0;
                }
                if (!any) continue;
                envelope(line, n, spacing[axis], place, from, value);
                for (int64_t q = 0; q < n; ++q) o[q * stride] = float(line[q]);
            }
        }
    }
}

namespace {

// A heap of the voxels to ask, the largest distance first, then the smallest position.
struct Queue {
    uint64_t* keys;
    int64_t size = 0;

    void push(float distance, int64_t position) {
        uint32_t bits;
        __builtin_memcpy(&bits, &distance, 4);
        const uint64_t key = uint64_t(~bits) << 32 | uint32_t(position);
        int64_t at = size++;
        while (at > 0) {
            const int64_t parent = (at - 1) >> 2;
            if (keys[parent] <= key) break;
            keys[at] = keys[parent];
            at = parent;
        }
        keys[at] = key;
    }

    int64_t pop() {
        const int64_t first = int64_t(uint32_t(keys[0]));
        const uint64_t key = keys[--size];
        int64_t at = 0;
        for (;;) {
            const int64_t child = 4 * at + 1;
            if (child >= size) break;
            const int64_t stop = child + 4 < size ? child + 4 : size;
            int64_t least = child;
            for (int64_t c = child + 1; c < stop; ++c) least = keys[c] < keys[least] ? c : least;
            if (keys[least] >= key) break;
            keys[at] = keys[least];
            at = least;
        }
        keys[at] = key;
        return first;
    }
};

}  // namespace

// voxels: 1 where voxels are given; on return 1 where they were taken. distance: from squared_distance. heap: one entry
// per voxel given. A solid is grown from its deepest voxel, its outermost layers are 0; what lies outside a solid is grown from the
// outermost layers, which are 1. Returns the number of voxels that differ.
int64_t grow_solid(uint8_t* voxels, const int64_t shape[3], const float* distance, bool outside, uint64_t* heap) {
    constexpr uint8_t GIVEN = 1, KEPT = 2, QUEUED = 4;
    const int64_t J = shape[1], I = shape[2], n = shape[0] * J * I;
    uint8_t bad[256];
    badly_composed(bad);
    int64_t around[27];
    for (int64_t bit = 0; bit < 27; ++bit) around[bit] = ((bit / 9 - 1) * J + bit / 3 % 3 - 1) * I + bit % 3 - 1;
    const int64_t faces[6] = {around[4], around[10], around[12], around[14], around[16], around[22]};
    const int octants[8] = {0, 1, 3, 4, 9, 10, 12, 13};
    int64_t seed = 0, given = 0;
    for (int64_t v = 0; v < n; ++v) {
        given += voxels[v];
        if (distance[v] > distance[seed]) seed = v;
    }
    if (given == 0) return 0;
    Queue queue{heap};
    const auto ask = [&](int64_t v) {
        uint8_t touching = 0;
        for (const int64_t step : faces) touching |= voxels[v + step];
        if (!(touching & KEPT)) return;
        voxels[v] |= QUEUED;
        queue.push(distance[v], v);
    };
    const auto ask_neighbours = [&](int64_t v) {
        for (const int64_t step : around) {
            if (voxels[v + step] == GIVEN) ask(v + step);
        }
    };
    const auto ask_all = [&]() {
        for (int64_t v = 0; v < n; ++v) {
            if (voxels[v] == GIVEN) ask(v);
        }
    };
    const auto on_border = [&](int64_t v) {
        const int64_t i = v % I, j = v / I % J, k = v / (I * J);
        return i == 0 || j == 0 || k == 0 || i == I - 1 || j == J - 1 || k == shape[0] - 1;
    };
    const auto taken_around = [&](int64_t v) {
        uint32_t taken = 0;
        for (int bit = 0; bit < 27; ++bit) taken |= uint32_t(voxels[v + around[bit]] >> 1 & 1) << bit;
        return taken;
    };
    const auto may_join = [&](uint32_t taken) { return simple(outside ? ~taken & ALL & ~CENTRE : taken); };
    const auto remedies = [&](uint32_t taken) {  // what all badly composed blocks share; ALL if there is none
        uint32_t shared = ALL;                   // badly composed patterns are those of their complements
        for (const int corner : octants) {
            const uint32_t t = (taken | CENTRE) >> corner;
            if (bad[(t & 3) | (t >> 3 & 3) << 2 | (t >> 9 & 3) << 4 | (t >> 12 & 3) << 6]) shared &= BLOCK << corner;
        }
        return shared;
    };
    // The deepest voxel with which v, itself marked as taken, may join; -1 if there is none.
    const auto companion = [&](int64_t v, uint32_t candidates) {
        int64_t found = -1;
        for (int bit = 0; bit < 27; ++bit) {
            const int64_t w = v + around[bit];
            if (!(candidates >> bit & 1) || on_border(w) || (found >= 0 && distance[w] <= distance[found])) continue;
            const uint32_t taken = taken_around(w);
            if (!may_join(taken) || remedies(taken) != ALL) continue;
            if (remedies(taken_around(v) | 1u << bit) == ALL) found = w;
        }
        return found;
    };
    const auto join = [&](bool in_pairs) {
        while (queue.size > 0) {
            const int64_t v = queue.pop();
            voxels[v] &= uint8_t(~QUEUED);
            if (voxels[v] & KEPT) continue;
            const uint32_t taken = taken_around(v);
            if (!may_join(taken)) continue;
            const uint32_t shared = remedies(taken);
            if (shared != ALL) {
                if (!in_pairs) continue;
                voxels[v] |= KEPT;
                const int64_t w = companion(v, shared & ~taken & ~CENTRE);
                if (w < 0) {
                    voxels[v] &= uint8_t(~KEPT);
                    continue;
                }
                voxels[w] |= KEPT;
                ask_neighbours(w);
            }
            voxels[v] |= KEPT;
            ask_neighbours(v);
        }
    };
    if (outside) {
        for (int64_t v = 0; v < n; ++v) {
            if (on_border(v)) voxels[v] |= KEPT;
        }
    } else {
        voxels[seed] |= KEPT;
    }
    ask_all();
    join(false);
    ask_all();
    join(true);
    int64_t changed = 0;
    for (int64_t v = 0; v < n; ++v) {
        changed += (voxels[v] & GIVEN) != (voxels[v] >> 1 & 1);
        voxels[v] = voxels[v] >> 1 & 1;
    }
    return changed;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
